"""What failures are taken for, and that what is done about them is bounded."""

import ast
import inspect
from collections.abc import Sequence
from dataclasses import replace

import pytest
from executor.remedies import (
    CLIP,
    FULL,
    LEVERS,
    LOST,
    NAN,
    OOM,
    QUARTER,
    RUNBOOK,
    SLOWER,
    WORKLOAD,
    entry,
    failed,
    job,
    until_given_up,
)
from hypothesis import given
from hypothesis import strategies as st

from rea.domain.campaign import JobRecord
from rea.domain.change import BASELINE, Change, change
from rea.domain.event import Measured
from rea.domain.ids import Digest
from rea.domain.job import Job, JobState, JobStatus
from rea.domain.runbook import Cause, Remedy, RunbookEntry, Treatment
from rea.domain.workload import Workload
from rea.executor import ending, failures, moves
from rea.executor.failures import FIRST_LAUNCHES, IN_A_ROW, MOST_TREATMENTS, UNKNOWN, adjustment, classify, storm, treat

OUT_OF_MEMORY, DIVERGED, VANISHED = (
    failed("CUDA out of memory"),
    failed("loss is nan"),
    failed(reason="gone", state=JobState.LOST),
)
MYSTERY = failed("who knows")
IDEA = change(depth=3)
EVERY_STATUS = (OUT_OF_MEMORY, DIVERGED, VANISHED, MYSTERY, failed("No space left on device"))


def name_of(status: JobStatus, *entries: RunbookEntry) -> str:
    found = classify(entries or RUNBOOK, status)
    return found.name if found else UNKNOWN


# --- classification


def test_the_last_symptom_wins() -> None:
    assert name_of(failed("loss is nan\nout of memory")) == "oom"
    assert name_of(failed("out of memory\nloss is nan")) == "nan"


def test_a_higher_priority_wins_wherever_it_stands() -> None:
    certain = replace(LOST, name="certain", symptom="certainly", priority=1)
    assert name_of(failed("certainly\nout of memory"), *RUNBOOK, certain) == "certain"


def test_the_reason_counts_and_a_log_cannot_imitate_it() -> None:
    killed = entry("killed", r"^failed: signal 9\Z")
    assert name_of(failed("step 3", "signal 9"), killed) == "killed"
    assert name_of(failed("failed: signal 9\n", "exit 1"), killed) == UNKNOWN
    assert name_of(failed("", "exit 1\nfailed: signal 9"), killed) == UNKNOWN


def test_the_mark_of_a_rank_does_not_hide_the_start_of_a_line() -> None:
    assert name_of(failed("[rank12]: Mast down"), entry("mast", "^Mast")) == "mast"


@pytest.mark.parametrize("state", [s for s in JobState if s not in (JobState.FAILED, JobState.LOST)])
def test_what_has_not_failed_is_not_explained(state: JobState) -> None:
    assert name_of(JobStatus(state=state, log_tail="out of memory")) == UNKNOWN


def test_only_the_tail_counts() -> None:
    assert name_of(failed("out of memory" + " " * failures.TAIL)) == UNKNOWN


# --- treatment


def test_out_of_memory_quarters_the_micro_batch_from_the_batch_and_changes_nothing_else() -> None:
    history, jobs = until_given_up(treat, job(IDEA), [OUT_OF_MEMORY] * 9)
    assert [t.remedy for t in history] == [Remedy.ADJUST] * 3 + [Remedy.DROP]
    assert [dict(j.adjustment.overrides) for j in jobs] == [{}, {"micro": 128}, {"micro": 32}, {"micro": 8}]
    assert {t.cause for t in history} == {Cause.RESOURCES}
    assert not any(t.changed for t in history)
    assert history[0].reason == "it is oom; next with micro=128"


@pytest.mark.parametrize(("norm", "changed"), [("none", False), ("layer", False), ("batch", True)])
def test_a_smaller_micro_batch_is_exact_but_for_batch_statistics(norm: str, changed: bool) -> None:
    assert treat(job(change(norm=norm)), OUT_OF_MEMORY, RUNBOOK, (), WORKLOAD).changed is changed


def test_a_bigger_batch_that_does_not_fit_is_still_exactly_that_batch() -> None:
    treatment = treat(job(change(batch=32768)), OUT_OF_MEMORY, RUNBOOK, (), WORKLOAD)
    assert adjustment(job(change(batch=32768)), treatment, WORKLOAD) == change(micro=8192)
    assert not treatment.changed


def test_without_a_lever_to_turn_the_experiment_is_dropped_untested() -> None:
    bare = replace(WORKLOAD, levers=tuple(v for v in LEVERS if v.name != "micro"))
    treatment = treat(job(IDEA), OUT_OF_MEMORY, RUNBOOK, (), bare)
    assert (treatment.remedy, treatment.cause) == (Remedy.DROP, Cause.RESOURCES)
    assert "no lever for micro_batch can be turned further" in treatment.reason


def test_divergence_is_treated_within_bounds_marked_as_changed_and_then_dropped() -> None:
    history, jobs = until_given_up(treat, job(IDEA), [DIVERGED] * 9)
    assert [t.remedy for t in history] == [Remedy.ADJUST, Remedy.ADJUST, Remedy.DROP]
    assert dict(jobs[1].adjustment.overrides) == {"lr": 0.003, "clip": 1.0}
    assert dict(jobs[2].adjustment.overrides) == {"lr": 0.001, "clip": 1.0}
    assert all(t.changed for t in history[:2])


def test_what_the_hypothesis_sets_is_turned_last_and_then_it_is_changed() -> None:
    history, jobs = until_given_up(treat, job(change(lr=0.1)), [DIVERGED] * 2)
    assert [t.moves for t in history] == [(CLIP,), (SLOWER,)]
    assert dict(jobs[2].adjustment.overrides) == {"lr": 0.03, "clip": 1.0}
    mine = treat(job(change(micro=64)), OUT_OF_MEMORY, RUNBOOK, (), WORKLOAD)
    assert (mine.moves, mine.changed) == ((QUARTER,), True)


def test_once_changed_a_run_stays_changed() -> None:
    history, _ = until_given_up(treat, job(IDEA), [DIVERGED, VANISHED, OUT_OF_MEMORY, MYSTERY])
    assert [t.entry for t in history] == ["nan", "lost", "oom", UNKNOWN]
    assert all(t.changed for t in history)


def test_a_lost_job_is_tried_again_and_is_nobodys_fault() -> None:
    history, jobs = until_given_up(treat, job(IDEA), [VANISHED] * 9)
    assert [t.remedy for t in history] == [Remedy.RETRY, Remedy.RETRY, Remedy.DROP]
    assert {t.cause for t in history} == {Cause.INFRASTRUCTURE}
    assert {j.adjustment for j in jobs} == {BASELINE}


def test_a_full_disk_pauses_at_once() -> None:
    assert treat(job(IDEA), failed("No space left on device"), RUNBOOK, (), WORKLOAD).remedy is Remedy.PAUSE


def test_the_unknown_is_tried_once_more_and_then_left_to_a_person() -> None:
    idea, _ = until_given_up(treat, job(IDEA), [MYSTERY] * 9)
    assert [(t.remedy, t.cause) for t in idea] == [(Remedy.RETRY, Cause.UNKNOWN), (Remedy.DROP, Cause.UNKNOWN)]
    baseline, _ = until_given_up(treat, job(), [MYSTERY] * 9)
    assert [t.remedy for t in baseline] == [Remedy.RETRY, Remedy.PAUSE]
    assert "a person has to read its log" in baseline[-1].reason


# --- the law: whatever happens, attempts are bounded

mishaps = st.lists(st.sampled_from(EVERY_STATUS), min_size=20, max_size=20)


def check_bounded(treatments: Sequence[Treatment]) -> None:
    assert treatments[-1].remedy in (Remedy.DROP, Remedy.PAUSE)
    assert len(treatments) <= MOST_TREATMENTS + 1
    again = [t.entry for t in treatments[:-1]]
    limits = {e.name: e.limit for e in RUNBOOK} | {UNKNOWN: 1}
    assert all(again.count(name) <= limits[name] for name in again)


@given(mishaps, st.sampled_from([BASELINE, IDEA, change(lr=0.5), change(norm="batch", micro=64)]))
def test_no_replicate_is_attempted_more_often_than_the_limits_say(mishaps: list[JobStatus], idea: Change) -> None:
    check_bounded(until_given_up(treat, job(idea), mishaps)[0])


@given(mishaps)
def test_every_adjustment_is_admitted_by_the_levers_and_alters_something(mishaps: list[JobStatus]) -> None:
    treatments, jobs = until_given_up(treat, job(IDEA), mishaps)
    for before, treatment in zip(jobs, treatments, strict=True):
        altered = adjustment(before, treatment, WORKLOAD)
        assert (altered != BASELINE) == (treatment.remedy is Remedy.ADJUST)
        for name, value in altered.overrides:
            lever = WORKLOAD.lever(name)
            assert lever is not None
            assert lever.admits(value)


def test_a_treatment_that_ignored_limits_would_be_caught() -> None:
    def forgetful(
        job: Job, status: JobStatus, runbook: Sequence[RunbookEntry], history: Sequence[Treatment], workload: Workload
    ) -> Treatment:
        return treat(job, status, runbook, (), workload)

    for status in (VANISHED, MYSTERY):
        check_bounded(until_given_up(treat, job(IDEA), [status] * 20)[0])
        with pytest.raises(AssertionError):
            check_bounded(until_given_up(forgetful, job(IDEA), [status] * 20)[0])


# --- the circuit breaker


def ended(cause: Cause | None, state: JobState = JobState.FAILED) -> JobRecord:
    """Return a job that failed for ``cause``, or succeeded and was judged where there is none."""
    if cause is None:
        measured = Measured(job=job().id, measurements=(), fingerprint=Digest("f"))
        return JobRecord(job=job(), state=JobState.SUCCEEDED, measured=measured)
    return JobRecord(
        job=job(), state=state, treatment=Treatment(entry=f"of {cause}", cause=cause, remedy=Remedy.DROP, reason="")
    )


def test_when_the_first_launches_all_fail_nothing_more_is_launched() -> None:
    assert storm([ended(Cause.WORKLOAD)] * (FIRST_LAUNCHES - 1)) == ""
    assert storm([ended(Cause.WORKLOAD)] * FIRST_LAUNCHES) == (
        "the first 3 jobs all failed, none for its treatment: 3 x of workload"
    )


def test_a_row_of_failures_stops_launching() -> None:
    good = [ended(None)] * 10
    assert storm([*good, *[ended(Cause.INFRASTRUCTURE)] * (IN_A_ROW - 1)]) == ""
    assert "5 jobs in a row failed" in storm([*good, *[ended(Cause.INFRASTRUCTURE)] * IN_A_ROW])
    assert storm([*good, *[ended(Cause.INFRASTRUCTURE)] * IN_A_ROW, ended(None)]) == ""


@pytest.mark.parametrize("cause", [Cause.TREATMENT, Cause.RESOURCES])
def test_bad_ideas_and_tight_memory_are_no_storm(cause: Cause) -> None:
    assert storm([ended(cause)] * 20) == ""


def test_what_is_not_treated_yet_says_nothing() -> None:
    assert storm([JobRecord(job=job(), state=JobState.FAILED)] * 20) == ""


# --- purity


@pytest.mark.parametrize("module", [failures, moves, ending])
def test_deciding_reads_no_clock_die_file_or_network(module: object) -> None:
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    imported = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    imported |= {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
    allowed = (
        "re",
        "json",
        "math",
        "collections.abc",
        "functools",
        "itertools",
        "dataclasses",
        "rea.domain.",
        "rea.executor.moves",
        "rea.executor.ending",
    )
    assert [
        name for name in imported if not any(name == a or (a.endswith(".") and name.startswith(a)) for a in allowed)
    ] == []


@given(st.sampled_from(EVERY_STATUS))
def test_the_same_question_gets_the_same_answer(status: JobStatus) -> None:
    assert treat(job(IDEA), status, RUNBOOK, (), WORKLOAD) == treat(
        job(IDEA), status, (FULL, LOST, NAN, OOM), (), WORKLOAD
    )
