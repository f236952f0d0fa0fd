"""A plan says what it can detect and what it promises; one that cannot detect its own promise is refused, with advice that holds."""

from dataclasses import replace

import pytest

from rea.api import deciding, proposing
from rea.domain.campaign import Campaign
from rea.domain.errors import Undetectable
from rea.domain.hypothesis import Effect
from rea.domain.plan import Plan
from rea.planner.detection import budget_for, confirmable, seeds_for
from rea.planner.outlook import advice, outlook, too_small
from rea.statistics.power import standard_errors_needed
from rea.testing.simulation import CAMPAIGN, Truth, World


@pytest.fixture(scope="module")
def world() -> World:
    w = World(truth=Truth(effects={"a": 0.003, "b": 0.002, "c": 0.0, "d": 0.001}), budget_s=3600.0)
    w.open()
    while w.state.plan is None:
        w.wake()
        w.pass_time()
    return w


def promising(c: Campaign, value: float, width: float = 0.001) -> tuple[Campaign, Plan]:
    """Return the campaign with a plan whose hypotheses all predict this much."""
    assert c.plan is not None
    effect = Effect(value=value, low=value - width, high=value + width)
    plan = replace(c.plan, hypotheses=tuple(replace(h, predicted=effect) for h in c.plan.hypotheses))
    return replace(c, plan=plan, plan_digest=plan.digest, memo={}), plan


def test_a_sound_plan_is_not_refused_and_its_figures_hang_together(world: World) -> None:
    c, plan = promising(world.state, 0.004)
    seen = outlook(c, plan)
    assert seen.refused == ""
    assert seen.gain.low <= seen.gain.value <= seen.gain.high
    assert 0 < seen.found <= seen.found_then + 0.02 <= 1.02
    assert seen.more_ms == plan.budget_ms // 10
    assert seen.more.value >= -0.0002


def test_a_plan_that_cannot_detect_its_own_promise_is_refused_and_nothing_is_recorded(world: World) -> None:
    c, plan = promising(world.state, 0.0002, 0.0001)
    length = len(world.journal.read(CAMPAIGN))
    with pytest.raises(Undetectable) as caught:
        deciding.approve(world.journal, CAMPAIGN, c, plan.digest, "ann")
    assert "Confirmation can detect" in caught.value.message
    assert caught.value.hint
    assert len(world.journal.read(CAMPAIGN)) == length


def test_planted_bug_a_door_that_asks_nobody_lets_the_plan_through(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    c, plan = promising(world.state, 0.0002, 0.0001)
    monkeypatch.setattr("rea.api.deciding._detects", lambda c: None)
    assert deciding.approve(world.journal, CAMPAIGN, c, plan.digest, "ann").subject == plan.digest


def test_what_predicts_nothing_may_be_anything_and_refuses_no_plan(world: World) -> None:
    c, plan = promising(world.state, 0.0)
    assert outlook(c, plan).refused == ""
    assert not too_small(plan.hypotheses[0], 1.0)


def test_where_nothing_plausible_can_be_told_any_plan_is_refused(world: World) -> None:
    c, plan = promising(world.state, 0.0)
    assert c.workload is not None
    narrow = replace(c, workload=replace(c.workload, largest_plausible_effect=0.0005), memo={})
    assert "would be believed" in outlook(narrow, plan).refused


def test_the_advice_is_enough(world: World) -> None:
    c = world.state
    for effect in (0.006, 0.008):
        seeds = seeds_for(c, effect)
        assert seeds is not None
        assert confirmable(c, seeds) <= effect
        assert budget_for(c, 2 * seeds) > budget_for(c, seeds) > 0
    assert seeds_for(c, standard_errors_needed() * c.calibrated.row_sd / 2) is None
    assert "seal more of them" in advice(c, 0.0001)


def test_an_idea_that_predicts_too_little_is_refused_and_one_that_predicts_nothing_is_not(world: World) -> None:
    with pytest.raises(Undetectable, match="could not be told"):
        proposing.idea(world.state, ("a=1.5",), "", 0.0001)
    assert proposing.idea(world.state, ("a=1.5",), "", 0.0).predicted.value == 0
    assert proposing.idea(world.state, ("a=1.5",), "", 0.05).predicted.value == 0.05
