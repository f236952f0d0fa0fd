"""At four fifths of the budget no new hypothesis is opened, a note says what the rest buys, and Confirmation still runs."""

from dataclasses import replace
from functools import cache

import pytest

from rea.campaign.evolve import replay
from rea.domain.action import Decision
from rea.domain.campaign import Campaign
from rea.domain.event import HypothesesProposed, JobEnded, JobReserved, PlanApproved
from rea.domain.experiment import Phase
from rea.domain.ledger import Ledger
from rea.domain.plan import Policy
from rea.planner import decide as planner
from rea.testing.simulation import CAMPAIGN, Truth, World

EFFECTS = {f"x{i:02d}": 0.001 * (i % 4) for i in range(40)}


def campaign() -> World:
    w = World(
        truth=Truth(effects=EFFECTS),
        budget_s=9000.0,
        policy=Policy(seed=3, calibration_seeds=2, looks=(1,), confirmation_share=0.1),
    )
    w.run()
    return w


def proposed_at(w: World) -> list[float]:
    """Return the share of the budget that was spent or held whenever hypotheses were proposed, once the plan was approved."""
    granted, spent, held, shares, on = 0, 0, dict[str, int](), list[float](), False
    for recorded in w.journal.read(CAMPAIGN):
        match recorded.event:
            case PlanApproved(approval=a):
                granted, on = a.granted_ms, True
            case JobReserved(job=job):
                held[job.id] = job.held_ms
            case JobEnded(job=name, cost_ms=cost):
                held.pop(name, None)
                spent += cost
            case HypothesesProposed() if on:
                shares.append((spent + sum(held.values())) / granted)
    return shares


def test_no_hypothesis_is_opened_beyond_it_and_confirmation_still_runs() -> None:
    w = campaign()
    assert w.state.ended, w.state.paused
    assert all(share < planner.LAST_IDEAS for share in proposed_at(w))
    confirmed = w.state.phase(1, Phase.CONFIRMATION)
    assert confirmed is not None and confirmed.closed
    assert w.told.count("budget") == 1


def test_the_note_says_what_the_rest_buys(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    right = planner.tell

    def heard(c: Campaign, kind: str, subject: str, text: str) -> Decision:
        said.append(f"{kind}: {text}")
        return right(c, kind, subject, text)

    monkeypatch.setattr(planner, "tell", heard)
    campaign()
    notes = {line for line in said if line.startswith("budget: ")}
    assert any("set aside for Confirmation" in line and "full runs" in line for line in notes)


@cache
def before_another_round() -> Campaign:
    """Return the state in which the campaign opened its second round."""
    recorded = [r.event for r in campaign().journal.read(CAMPAIGN)]
    last = max(i for i, event in enumerate(recorded) if isinstance(event, HypothesesProposed))
    return replay(recorded[:last])


def spent(c: Campaign, share: float) -> Campaign:
    granted = 100 * c.ledger.granted  # enough is left for twenty runs, whatever the share
    return replace(c, ledger=Ledger(granted=granted, spent=round(share * granted)))


@pytest.mark.parametrize(("share", "opens"), [(0.5, True), (0.79, True), (0.8, False), (0.95, False)])
def test_it_is_the_share_that_decides(share: float, opens: bool) -> None:
    assert bool(planner._next_round(spent(before_another_round(), share)).actions) is opens


def test_planted_bug_without_the_rule_another_round_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "nearly_spent", lambda _: False)
    assert planner._next_round(spent(before_another_round(), 0.95)).actions
