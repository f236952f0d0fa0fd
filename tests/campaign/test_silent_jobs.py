"""A job that is called running and gives no sign: a person is told once, it is waited for, and nothing is launched in its place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from rea.campaign import decide as deciding
from rea.domain.action import Decision
from rea.domain.event import Notified
from rea.domain.ids import JobId
from rea.domain.job import SILENT, JobState, JobStatus
from rea.domain.plan import Policy
from rea.executor.backends.simulated import SimulatedBackend
from rea.testing.simulation import CAMPAIGN, Truth, World


@dataclass(slots=True, kw_only=True)
class Quiet(SimulatedBackend):
    """Every job is gone without a word as long as ``quiet``, and its scheduler does not know."""

    quiet: bool = True

    def poll(self, jobs: Sequence[JobId]) -> Mapping[JobId, JobStatus]:
        told = SimulatedBackend.poll(self, jobs)
        if not self.quiet:
            return told
        status = JobStatus(state=JobState.UNKNOWN, reason=f"RUNNING, but {SILENT} 10 min", node="n7")
        return {job: status if job in self.started else known for job, known in told.items()}


def world() -> World:
    w = World(truth=Truth(effects={"a": 0.02}), policy=Policy(seed=7, calibration_seeds=2, looks=(1,), finalists=1))
    w.backend = Quiet(outcome=w.backend.outcome, now=w.backend.now)
    w.open()
    return w


def looked_at(w: World, times: int) -> list[str]:
    """Wake again and again while a day goes by, and return whom people were told about."""
    for _ in range(times):
        w.wake()
        w.clock += 3600
    events = [r.event for r in w.journal.read(CAMPAIGN)]
    return [e.subject for e in events if isinstance(e, Notified) and e.kind == "silent"]


def test_each_is_told_once_and_none_is_launched_again() -> None:
    w = world()
    told = looked_at(w, 12)
    assert told and len(told) == len(set(told)) == len(w.backend.launches) == w.policy.slots
    assert w.told.count("silent") == len(told)
    assert not any(record.state.ended for record in w.state.jobs.values())


def test_once_its_scheduler_knows_the_campaign_goes_on() -> None:
    w = world()
    looked_at(w, 3)
    assert isinstance(w.backend, Quiet)
    w.backend.quiet = False
    memory = w.memory()
    for _ in range(200):
        w.wake(memory)
        if memory.now().ended:
            break
        w.approve(memory)
        w.pass_time()
    assert w.state.ended and len(w.backend.launches) == len(set(w.backend.launches))


def test_planted_bug_unannounced_it_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "_silent", lambda c, observed: Decision())
    assert looked_at(world(), 3) == []
