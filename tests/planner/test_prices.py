"""What a run costs is learnt as runs end, what is too dear is neither begun again nor taken for bad, and scores are compared as they come."""

import pytest

from rea.app import runbook
from rea.domain.action import Decision
from rea.domain.campaign import Campaign
from rea.domain.change import Change, override
from rea.domain.experiment import Phase
from rea.planner.barring import barred, unlucky
from rea.planner.cost import LEAST_CONFIRMATION
from rea.planner.phases.exploitation import best_change, full_arms
from rea.planner.phases.opening import busy, compare
from rea.planner.screening import belief, price
from rea.testing.simulation import Truth, World

LEVERS = {f"l{i}": -0.004 for i in range(14)} | {"good": 0.03, "fine": 0.02}


def world(times: dict[str, float]) -> World:
    """A budget so short that hypotheses share runs, and a limit of ten default runs."""
    return World(truth=Truth(effects=LEVERS, times=times, seed_sd=0.001), budget_s=4500.0, runbook=runbook()[0])


def ended(times: dict[str, float]) -> Campaign:
    made = world(times)
    made.run()
    return made.state


def on(*names: str) -> Change:
    return Change(overrides=tuple((name, 1.0) for name in sorted(names)))


@pytest.fixture(scope="module")
def dear() -> Campaign:
    return ended({"good": 3.0, "fine": 1.5})


@pytest.fixture(scope="module")
def endless() -> Campaign:
    """One lever that no run ends with; whatever shares its run is ended, too."""
    return ended({"l3": 30.0})


def test_the_price_of_a_stack_is_that_of_its_parts_though_none_ran_alone(dear: Campaign) -> None:
    alone = [e for e in dear.experiments.values() if e.change in (on("good"), on("fine")) and e.fidelity == "full"]
    assert not [e for e in alone if e.id in dear.runs_of], "hypotheses did not share runs"
    stack = override(best_change(dear), on("l5", "l8", "l12"))
    assert {"good", "fine"} <= dict(stack.overrides).keys() and dear.experiment_of(stack, "full") is None
    assert price(dear, stack) == pytest.approx(4.5, rel=0.3)
    assert price(dear, on("l1")) == pytest.approx(1.0, rel=0.3)


def test_what_its_limit_ended_is_not_taken_for_bad(endless: Campaign) -> None:
    cut = [e for e in endless.dropped if unlucky(endless, e)]
    now = belief(endless)
    assert cut and now is not None
    assert not {endless.experiments[e].change for e in cut} & set(now.design.changes)


def test_what_would_not_end_within_its_limit_is_not_begun_again(endless: Campaign) -> None:
    cut = [e for e in endless.dropped if unlucky(endless, e)]
    full = [e for e in endless.experiments.values() if "l3" in dict(e.change.overrides) and e.id in endless.runs_of]
    assert len(full) <= 3, f"{len(full)} runs with what cannot end"
    assert barred(endless)(endless.experiments[cut[0]].change)
    assert endless.proposal is not None and {"good", "fine"} <= dict(endless.proposal.change.overrides).keys()


def test_the_dearest_best_is_still_confirmed(dear: Campaign) -> None:
    assert not dear.paused and dear.proposal is not None
    assert {"good", "fine"} & dict(dear.proposal.change.overrides).keys()


def test_planted_bug_money_for_confirmation_is_reckoned_at_the_baseline_s_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rea.planner.phases.exploitation.short_ms", lambda c, cost_ms: 0)
    monkeypatch.setattr("rea.planner.barring.short_ms", lambda c, cost_ms: 0)
    monkeypatch.setattr("rea.planner.phases.confirmation.confirming_ms", lambda c, cost_ms: 0)
    monkeypatch.setattr("rea.planner.phases.confirmation._paid", lambda c, chosen: LEAST_CONFIRMATION)
    assert "does not cover" in ended({"good": 3.0, "fine": 1.5}).paused


def at_hand_while_screening(made: World) -> bool:
    """Whether something could be handed over before the last screening run has ended."""
    made.open()
    memory = made.memory()
    while True:
        made.wake(memory)
        c = memory.now()
        screening = c.phase(1, Phase.VALIDATION)
        if screening is not None and screening.ended:
            return False
        if screening is not None and c.unsettled and any(a.mean > 0 for a in full_arms(c)):
            return True
        made.approve(memory)
        made.pass_time()


def test_what_ran_first_is_at_hand_while_others_still_run() -> None:
    assert at_hand_while_screening(world({}))


def test_planted_bug_compared_at_the_end_of_the_phase_only(monkeypatch: pytest.MonkeyPatch) -> None:
    at_the_end = "rea.planner.phases.validation.compare"
    monkeypatch.setattr(at_the_end, lambda c, r: Decision() if busy(c, r) else compare(c, r))
    assert not at_hand_while_screening(world({}))
