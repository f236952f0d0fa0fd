"""Whole campaigns with a reader of logs: a remedy is tried in a small rerun before it is believed, and nothing else changes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from executor.suggestion.cases import CLIP, FOUND, LOG, workload
from scripted import Scripted

from rea.campaign.replaying import Difference, replayed
from rea.domain.campaign import Campaign
from rea.domain.change import change
from rea.domain.diagnosis import Fault
from rea.domain.evidence import Verdict
from rea.domain.experiment import Purpose
from rea.domain.ids import Digest
from rea.domain.job import Job, JobState
from rea.domain.plan import Policy
from rea.domain.runbook import Cause, Remedy
from rea.domain.workload import SMOKE
from rea.executor import diagnosis
from rea.executor.backends.simulated import Run
from rea.executor.failures import classify
from rea.executor.suggestion import step
from rea.executor.suggestion.reader import ModelReader, Reading
from rea.knowledge.runbook.load import load
from rea.ports import LogReader
from rea.testing import simulation
from rea.testing.fuse import Fuse, Killed
from rea.testing.simulation import CAMPAIGN, Truth, World

EFFECTS = {"a": 0.02, "c": -0.01, "clip": 0.0}
BROKEN = Run(seconds=3.0, state=JobState.FAILED, reason="exit 1", log=LOG)


@pytest.fixture(autouse=True)
def _roles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "workload", workload)


def breaks(job: Job, cured: bool = True) -> Run | None:
    """Whatever turns on ``c`` fails, unless gradients are clipped beside it."""
    clipped = cured and dict(job.adjustment.overrides).get("clip") == 1.0
    return BROKEN if dict(job.change.overrides).get("c") and not clipped else None


def reader(found: Reading | None = FOUND) -> ModelReader:
    return ModelReader(Scripted({"reader": lambda _: found}))


def world(
    directory: Path,
    failing: Callable[[Job], Run | None] = breaks,
    reads: LogReader | None = None,
    fuse: Fuse | None = None,
) -> World:
    policy = Policy(seed=7, calibration_seeds=2, looks=(1, 2), finalists=1)
    return World(
        truth=Truth(effects=EFFECTS),
        budget_s=3600.0,
        policy=policy,
        failing=failing,
        directory=directory,
        reader=reads,
        fuse=fuse or Fuse(),
    )


def about(c: Campaign) -> str:
    return next(e for e, r in c.dropped.items() if dict(c.experiments[e].change.overrides).get("c"))


def test_a_remedy_that_holds_in_a_small_rerun_becomes_a_candidate(tmp_path: Path) -> None:
    c = world(tmp_path, reads=reader()).run()
    assert c.ended, c.paused
    ((job, trial),) = c.trials.items()
    assert trial.held and c.jobs[trial.rerun].job.adjustment == change(clip=1.0)
    assert c.jobs[trial.rerun].job.fidelity == SMOKE and c.jobs[trial.rerun].job.purpose is Purpose.DIAGNOSE
    assert c.diagnoses[job].fault is Fault.CHANGE, "first principles had the first word"
    assert "a remedy that was suggested held" in next(iter(c.dropped.values()))
    (entry,) = load(tmp_path / "runbook")
    assert (entry.name, entry.cause, entry.remedy, entry.moves) == (
        trial.entry,
        Cause.TREATMENT,
        Remedy.ADJUST,
        (CLIP,),
    )
    again = c.jobs[job].status
    assert again is not None and classify([entry], again) is entry
    other = c.jobs[trial.rerun].status
    assert other is not None and classify([entry], other) is None


def test_the_campaign_finds_what_it_finds_without_a_reader(tmp_path: Path) -> None:
    def found(c: Campaign) -> list[tuple[str, Verdict, float]]:
        return [(str(f.experiment), f.verdict, f.raw) for f in c.findings.values()]

    plain, helped = world(tmp_path).run(), world(tmp_path / "b", reads=reader()).run()
    assert not plain.suggestions and not plain.trials
    assert found(plain) == found(helped) and plain.proposal == helped.proposal
    assert len(helped.jobs) == len(plain.jobs) + 1, "one rerun more, and no other job"
    assert not (tmp_path / "runbook").exists()


def test_a_remedy_that_does_not_hold_is_not_believed(tmp_path: Path) -> None:
    c = world(tmp_path, lambda job: breaks(job, cured=False), reader()).run()
    ((_, trial),) = c.trials.items()
    assert c.ended and not trial.held and trial.entry == "" and not (tmp_path / "runbook").exists()


def test_planted_bug_who_believes_without_trying_keeps_a_remedy_that_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rea.domain.campaign import JobRecord
    from rea.knowledge import suggested

    real = suggested.note

    def believing(c: Campaign, *rest: object) -> object:
        rerun = rest[1]
        c.jobs[rerun] = JobRecord(job=c.jobs[rerun].job, state=JobState.SUCCEEDED)  # type: ignore[index]
        return real(c, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(suggested, "note", believing)
    c = world(tmp_path, lambda job: breaks(job, cured=False), reader()).run()
    assert next(iter(c.trials.values())).held, "the state of the rerun is what the test above rests on"


@pytest.mark.parametrize("found", [None, Reading(cause=Cause.RESOURCES, first=1, last=1, remedy=Remedy.DROP)])
def test_what_suggests_nothing_to_try_is_asked_once_and_tries_nothing(tmp_path: Path, found: Reading | None) -> None:
    model = Scripted({"reader": lambda _: found})
    c = world(tmp_path, reads=ModelReader(model)).run()
    assert c.ended and len(model.asked) == len(c.suggestions) == len(c.diagnoses) > 0 and not c.trials


def test_a_trial_is_bounded_by_what_all_reruns_may_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = diagnosis.affordable
    spent = {"out": False}
    monkeypatch.setattr(diagnosis, "affordable", lambda c: not spent["out"] and real(c))

    class Late:
        def read(self, record: object, of: object) -> object:
            spent["out"] = True
            return reader().read(record, of)  # type: ignore[arg-type]

    c = world(tmp_path, reads=Late()).run()  # type: ignore[arg-type]
    assert c.ended and c.suggestions and not c.trials
    assert step.step(c, reads=True).events == ()


def test_a_failure_that_only_long_runs_show_is_suggested_about_and_not_tried(tmp_path: Path) -> None:
    c = world(tmp_path, lambda job: None if job.fidelity == SMOKE else breaks(job), reader()).run()
    assert c.ended and next(iter(c.diagnoses.values())).fault is Fault.SIZE
    assert c.suggestions and not c.trials


def test_a_line_that_every_run_prints_makes_no_candidate(tmp_path: Path) -> None:
    chatty = Run(seconds=1.0, log="zorp: the frobnicator 18 is upside down")
    c = world(tmp_path, lambda job: breaks(job) or (chatty if job.fidelity == SMOKE else None), reader()).run()
    ((_, trial),) = c.trials.items()
    assert trial.held and not trial.entry and "tells the runs" in trial.reason


def test_killed_anywhere_it_asks_once_tries_once_and_ends_the_same(tmp_path: Path) -> None:
    calm = Scripted({"reader": lambda _: FOUND})
    clean = world(tmp_path / "clean", reads=ModelReader(calm))
    clean.run()
    once = {(q.instructions, q.material) for q in calm.asked}
    for at in range(7, clean.fuse.count, 263):
        model = Scripted({"reader": lambda _: FOUND})
        w = world(tmp_path / str(at), reads=ModelReader(model), fuse=Fuse(lambda n, at=at: n == at))  # type: ignore[misc]
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
        assert (w.state.suggestions, w.state.trials) == (clean.state.suggestions, clean.state.trials)
        assert sorted(w.backend.launches) == sorted(clean.backend.launches)
        asked = {(q.instructions, q.material) for q in model.asked}
        assert asked == once, "asked again after a kill, it is the same question"


def test_what_a_reader_said_is_read_again_and_another_reading_is_found(tmp_path: Path) -> None:
    w = world(tmp_path, reads=reader())
    w.run()
    events = tuple(w.journal.read(CAMPAIGN))

    def again(found: Reading | None) -> tuple[Difference, ...]:
        return replayed(events, w.ports, Digest("runbook"), lambda _: w.ports.sources, lambda: reader(found)).different

    assert again(FOUND) == ()
    for planted in (None, replace(FOUND, remedy=Remedy.DROP, moves=())):
        different = again(planted)
        assert different and all(x.recorded[0].endswith(":suggested") for x in different)


def test_that_a_reader_said_nothing_is_the_same_whatever_kept_it_from_it(tmp_path: Path) -> None:
    w = world(tmp_path, reads=reader(None))
    w.run()
    lost = ModelReader(Scripted({}))
    events = tuple(w.journal.read(CAMPAIGN))
    assert replayed(events, w.ports, Digest("runbook"), lambda _: w.ports.sources, lambda: lost).different == ()
