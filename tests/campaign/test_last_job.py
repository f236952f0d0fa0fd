"""A campaign is not over before its last job is judged, though nobody waits for that one any more: its hypothesis was dropped while it ran."""

import pytest

from rea.api.deciding import steer
from rea.campaign import decide
from rea.domain.campaign import Campaign
from rea.domain.experiment import Phase
from rea.domain.job import Job, JobState
from rea.domain.plan import Policy
from rea.executor.jobs import live
from rea.testing.simulation import CAMPAIGN, Truth, World

POLICY = Policy(seed=7, calibration_seeds=2, looks=(1, 2), finalists=1)


def tried(c: Campaign) -> list[Job]:
    """Return the jobs under way that try an idea."""
    return [c.jobs[j].job for j in live(c) if c.jobs[j].job.phase is Phase.VALIDATION]


def dropped_while_it_runs() -> Campaign:
    """Have a person drop the only idea while its only job runs, and see the campaign to its end."""
    w = World(truth=Truth(effects={"a": 0.02}), budget_s=3600.0, policy=POLICY, rungs=False)
    w.open()
    while not (running := tried(w.state)):
        assert not w.state.ended
        w.wake()
        w.approve() if w.state.plan and not w.state.approved else tried(w.state) or w.pass_time()
    steer(w.journal, CAMPAIGN, w.state, "drop", running[0].experiment, "ann")
    w.wake()
    while not w.state.ended:
        assert w.pass_time(), "nothing runs, and it is not over"
        w.wake()
    return w.state


def unjudged(c: Campaign) -> list[Job]:
    return [r.job for r in c.jobs.values() if r.state is JobState.SUCCEEDED and not r.judged]


def test_what_was_paid_for_is_judged() -> None:
    assert unjudged(dropped_while_it_runs()) == []


def test_planted_bug_concluding_as_soon_as_nothing_runs_leaves_it_unjudged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "_under_way", lambda c, running: bool(running.events or live(c)))
    assert [job.phase for job in unjudged(dropped_while_it_runs())] == [Phase.VALIDATION]
