"""A failure that no entry knows is looked into by smaller reruns: the culprit is found, the plan goes on, and the cost is bounded."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE, Change, change
from rea.domain.diagnosis import Diagnosis, Fault
from rea.domain.experiment import Phase, Purpose
from rea.domain.job import Job, JobState
from rea.domain.plan import Policy
from rea.domain.workload import SMOKE
from rea.executor import diagnosis
from rea.executor.backends.simulated import Run
from rea.executor.diagnosis import joined, parts_of, smallest_failing
from rea.testing.simulation import Truth, World

EFFECTS = {"a": 0.02, "b": 0.012, "c": -0.01, "d": 0.001}
BROKEN = Run(seconds=3.0, state=JobState.FAILED, reason="exit 1", log="zorp: the frobnicator is upside down")


def world(failing: Callable[[Job], Run | None]) -> World:
    policy = Policy(seed=7, calibration_seeds=2, looks=(1, 2), finalists=1)
    return World(truth=Truth(effects=EFFECTS), budget_s=3600.0, policy=policy, failing=failing)


def sets(job: Job, *names: str) -> bool:
    return set(names) <= {name for name, value in job.change.overrides if value}


def only(c: Campaign) -> Diagnosis:
    assert len(c.diagnoses) == 1, c.diagnoses
    return next(iter(c.diagnoses.values()))


def probes(c: Campaign) -> list[Job]:
    return [r.job for r in c.jobs.values() if r.job.purpose is Purpose.DIAGNOSE]


def test_the_part_of_a_stack_that_fails_is_found_and_the_plan_goes_on() -> None:
    w = world(lambda job: BROKEN if sets(job, "a", "b") else None)
    c = w.run()
    assert c.ended and c.proposal is not None, c.paused
    assert 1 <= len(c.diagnoses) <= c.policy.slots, "what ran at once; nothing that holds both is begun again"
    found = next(iter(c.diagnoses.values()))
    assert all(d.fault is Fault.CHANGE for d in c.diagnoses.values())
    assert all({name for name, _ in d.minimal.overrides} == {"a", "b"} for d in c.diagnoses.values())
    assert "a=" in c.dropped[found.experiment] and "enough to fail" in c.dropped[found.experiment]
    assert all(j in c.jobs for j in found.evidence)
    assert c.ledger.held == 0


def test_a_single_lever_that_fails_takes_two_reruns() -> None:
    c = world(lambda job: BROKEN if sets(job, "c") else None).run()
    assert c.ended, c.paused
    assert only(c).fault is Fault.CHANGE
    assert [job.change for job in probes(c)] == [BASELINE, only(c).minimal]
    assert {job.fidelity for job in probes(c)} == {SMOKE}


def test_where_the_baseline_fails_too_it_stops_and_blames_no_change() -> None:
    w = world(lambda job: BROKEN if sets(job, "c") or (job.fidelity == SMOKE and job.change == BASELINE) else None)
    c = w.run()
    assert only(c).fault is Fault.ENVIRONMENT
    assert "the machine, the data or the code" in c.paused


def test_what_fails_in_long_runs_only_is_said_to() -> None:
    c = world(lambda job: BROKEN if sets(job, "c") and job.fidelity != SMOKE else None).run()
    assert c.ended, c.paused
    assert only(c).fault is Fault.SIZE


def test_a_rerun_that_dies_of_something_known_is_no_evidence() -> None:
    lost = Run(seconds=1.0, state=JobState.LOST, reason="the node is gone")
    w = world(lambda job: (lost if job.fidelity == SMOKE else BROKEN) if sets(job, "c") else None)
    assert only(w.run()).fault is Fault.SIZE


def test_reruns_are_never_measured_and_count_as_no_insight() -> None:
    w = world(lambda job: BROKEN if sets(job, "c") else None)
    c = w.run()
    made = {job.id for job in probes(c)}
    assert made and all(c.jobs[j].measured is None and c.jobs[j].treatment is None for j in made)
    assert c.failed == sum(r.failed for r in c.jobs.values()), "they are no failures of their own either"
    experiments = {job.experiment for job in probes(c)}
    assert not experiments & {f.experiment for f in c.findings.values()}
    assert not [e for e in experiments for p in c.phases.values() if e in p.experiments]


def test_the_cost_is_bounded_by_a_share_of_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "SHARE", 0.0)
    c = world(lambda job: BROKEN if sets(job, "c") else None).run()
    assert c.ended, c.paused
    assert only(c).fault is Fault.UNCLEAR
    assert probes(c) == []


def test_planted_bug_without_the_control_a_broken_machine_is_blamed_on_the_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    true = diagnosis._Probes.fails
    monkeypatch.setattr(diagnosis._Probes, "fails", lambda self, x: x != BASELINE and true(self, x))
    c = world(lambda job: BROKEN if sets(job, "c") or job.fidelity == SMOKE else None).run()
    assert only(c).fault is Fault.CHANGE


def test_nothing_is_looked_into_during_calibration() -> None:
    c = world(lambda job: BROKEN).run()
    assert c.paused and not c.diagnoses


def test_a_campaign_that_was_asked_to_look_into_nothing_is_what_it_was() -> None:
    c = world(lambda _: None).run()
    assert (
        c.ended
        and not c.diagnoses
        and not [p for p in c.phases.values() if p.phase is Phase.CALIBRATION and not p.closed]
    )


NAMES = [f"x{i}" for i in range(9)]


@given(st.sets(st.sampled_from(NAMES), min_size=1), st.sets(st.sampled_from(NAMES)))
def test_delta_debugging_ends_at_a_part_of_which_no_part_fails(guilty: set[str], more: set[str]) -> None:
    whole = change(**dict.fromkeys(sorted(guilty | more), 1.0))
    asked: list[Change] = []

    def fails(x: Change) -> bool:
        asked.append(x)
        return guilty <= {name for name, _ in x.overrides}

    found = smallest_failing(parts_of(whole), fails)
    assert {name for name, _ in found.overrides} == guilty
    assert joined(parts_of(whole)) == whole
    assert len(asked) <= (len(guilty | more) ** 2 + 3 * len(guilty | more))


def test_a_diagnosis_survives_a_kill_at_any_touch() -> None:
    def failing(job: Job) -> Run | None:
        return BROKEN if sets(job, "a", "b") else None

    clean = world(failing)
    clean.run()
    from rea.testing.fuse import Fuse, Killed

    for at in range(5, clean.fuse.count, 193):
        w = replace(world(failing), fuse=Fuse(lambda n, at=at: n == at))  # type: ignore[misc]
        w.open()
        for _ in range(3000):
            try:
                w.wake()
            except Killed:
                continue
            if w.state.ended:
                break
            w.approve()
            w.pass_time()
        assert w.state.diagnoses == clean.state.diagnoses
        assert sorted(w.backend.launches) == sorted(clean.backend.launches)
