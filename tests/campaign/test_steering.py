"""Steered to finish at any moment, a campaign ends with nothing running, nothing held and nothing more started to choose by."""

import pytest

from rea.api.deciding import steer
from rea.domain.campaign import Campaign
from rea.domain.errors import ReaError
from rea.domain.experiment import Purpose
from rea.domain.ids import JobId
from rea.domain.job import JobState
from rea.domain.plan import Policy
from rea.executor.jobs import live
from rea.planner import decide as planner
from rea.planner.phases import opening
from rea.testing.simulation import CAMPAIGN, Truth, World

POLICY = Policy(seed=7, calibration_seeds=2, looks=(1, 2), finalists=1)


def steered(after: int, effects: dict[str, float]) -> tuple[World, frozenset[JobId]]:
    """Run a campaign that is asked to finish when its ``after``-th job has ended; return it and what had been started by then."""
    w = World(truth=Truth(effects=effects), budget_s=2400.0, policy=POLICY)
    w.open()
    known: frozenset[JobId] | None = None
    for _ in range(200):
        w.wake()
        w.approve()
        if w.state.ended:
            break
        w.pass_time()
        if known is None and w.state.approved and sum(r.state.ended for r in w.state.jobs.values()) >= after:
            w.wake()
            steer(w.journal, CAMPAIGN, w.state, "finish", "", "ben")
            known = frozenset(w.state.jobs)
    assert known is not None
    return w, known


def started_to_choose(c: Campaign, known: frozenset[JobId]) -> list[JobId]:
    return [j for j, r in c.jobs.items() if j not in known and r.job.purpose is Purpose.SELECT]


@pytest.mark.parametrize("after", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("effects", [{"a": 0.02, "b": 0.012}, {"a": -0.02, "b": -0.012}], ids=["gains", "losses"])
def test_it_ends_with_nothing_running_and_nothing_held(after: int, effects: dict[str, float]) -> None:
    w, known = steered(after, effects)
    c = w.state
    assert c.ended, c.paused
    assert not live(c)
    assert c.ledger.held == 0
    assert started_to_choose(c, known) == []
    assert not [j for j, r in c.jobs.items() if r.state is JobState.SUCCEEDED and not r.judged]


def test_without_the_cut_more_would_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rea.campaign.guard.no_longer_wanted", lambda _c, _job: False)
    monkeypatch.setattr("rea.campaign.decide.live", lambda _c: [])
    monkeypatch.setattr(planner, "_end_selection", lambda _c, record: opening.ended(record, "planted"))
    broken = []
    for after in (2, 3, 4):
        w, known = steered(after, {"a": -0.02, "b": -0.012})
        broken += [*started_to_choose(w.state, known), *live(w.state)]
    assert broken


def test_there_is_nothing_to_steer_before_the_approval() -> None:
    w = World(truth=Truth(effects={"a": 0.02}), budget_s=2400.0, policy=POLICY)
    w.open()
    with pytest.raises(ReaError):
        steer(w.journal, CAMPAIGN, w.state, "finish", "", "ben")
