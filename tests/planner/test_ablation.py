"""What a stack owes to its parts is told from runs that several ideas share; what is redundant or in conflict is named."""

from dataclasses import replace

import pytest

from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE, Change, Patch
from rea.domain.event import ReplicatesAdded
from rea.domain.ids import Digest
from rea.domain.insight import Standing
from rea.planner.ablation import Anatomy, anatomy, removed, settings, shared
from rea.planner.arms import field, measured
from rea.planner.belief import Belief, Mixed, Seen, believe
from rea.planner.phases.exploitation import full_arms
from rea.planner.screening import belief
from rea.statistics.interaction import Kind
from rea.testing.simulation import CAMPAIGN, Truth, World, workload

EFFECTS = {"a": 0.02, "b": 0.012, "c": 0.0, "d": 0.0, "e": -0.01, "f": 0.0}


def on(*names: str) -> Change:
    return Change(overrides=tuple((name, 1.0) for name in names))


@pytest.fixture(scope="module")
def ended() -> tuple[World, Campaign]:
    """A budget that, beside what is set aside for Confirmation, pays for runs that tell ``a`` from what it first ran with."""
    w = World(truth=Truth(effects=EFFECTS, seed_sd=0.001, row_sd=0.0005), budget_s=3000.0, rungs=False)
    return w, w.run()


def known(seen: dict[tuple[str, ...], float], error: float = 0.0005) -> Belief:
    """Return what is believed after runs of these switches."""
    told = [Seen(on(*names), effect, error) for names, effect in seen.items()]
    return believe(workload(list(EFFECTS)).levers, told, 0.0002, {})


def inside(c: Campaign, monkeypatch: pytest.MonkeyPatch, now: Belief, stack: Change) -> Anatomy:
    monkeypatch.setattr("rea.planner.ablation.mixed", lambda c: Mixed(((now, 1.0),)))
    found = anatomy(c, stack)
    assert found is not None
    return found


DESIGN = {
    ("a",): 0.02,
    ("b",): 0.01,
    ("c",): 0.0,
    ("a", "b"): 0.012,
    ("a", "c"): 0.020,
    ("b", "c"): 0.01,
    ("a", "b", "c"): 0.012,
    ("d",): 0.0,
    ("a", "d"): 0.020,
}


def test_a_part_that_carries_is_told_from_one_that_adds_nothing(ended: tuple[World, Campaign]) -> None:
    found = anatomy(ended[1], on("a", "b", "c"))
    assert found is not None
    says = {str(p.part): p for p in found.parts}
    assert says["a=1"].says == "carries"
    assert says["a=1"].adds.low < 0.02 + 0.005 and says["a=1"].adds.high > 0.01
    assert says["c=1"].adds.value < says["a=1"].adds.value / 2
    assert [p.adds.value for p in found.parts] == sorted((p.adds.value for p in found.parts), reverse=True)


def test_a_conflict_is_named_and_its_victim_is_redundant(
    ended: tuple[World, Campaign], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = inside(ended[1], monkeypatch, known(DESIGN), on("a", "b"))
    (pair,) = found.pairs
    assert pair.kind is Kind.CONFLICT and pair.beyond.value == pytest.approx(-0.018, abs=0.006)
    alone = inside(ended[1], monkeypatch, known(DESIGN), on("a"))
    assert [str(x.hypothesis.change) for x in alone.left if x.reason.startswith("redundant")] == ["b=1"]


def test_planted_bug_a_belief_without_pairs_names_no_conflict(
    ended: tuple[World, Campaign], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rea.planner.belief.OWN", 0.0)
    blind = replace(known(DESIGN), pairs=0.0)
    (pair,) = inside(ended[1], monkeypatch, blind, on("a", "b")).pairs
    assert abs(pair.beyond.value) < 1e-9 and abs(pair.beyond.low) < 1e-9


def test_without_a_stack_or_a_run_there_is_nothing_to_take_apart(ended: tuple[World, Campaign]) -> None:
    assert anatomy(ended[1], BASELINE) is None
    assert anatomy(replace(ended[1], experiments={}, memo={}), on("a")) is None


def test_the_only_part_of_a_stack_is_told_by_all_runs_of_the_baseline(ended: tuple[World, Campaign]) -> None:
    c = ended[1]
    found, baseline = anatomy(c, on("a")), c.experiment_of(BASELINE, "full")
    assert found is not None and baseline is not None
    halves = next(arm.runs for arm in field(c) if arm.change == BASELINE)
    assert [p.apart for p in found.parts] == [len(measured(c, baseline.id))]
    assert halves < len(measured(c, baseline.id)), "the planted bug: those of one half"


def test_a_part_is_removed_whole() -> None:
    stack = on("a", "b")
    assert [removed(stack, part) for part in settings(stack)] == [on("b"), on("a")]


def test_a_lever_of_a_patch_is_never_turned_without_the_patch() -> None:
    single, double, bare = (patch(d, *levers) for d, levers in (("c", ("h",)), ("d", ("x", "y")), ("e", ())))
    stack = Change(overrides=on("a", "h", "x", "y").overrides, patches=(single, double, bare))
    parts = settings(stack)
    assert [str(p) for p in parts] == [
        "a=1",
        "h=1, patch cccccccc",
        "x=1, patch dddddddd",
        "y=1, patch dddddddd",
        "patch eeeeeeee",
    ]
    for part in parts:
        rest = removed(stack, part)
        turned = {name for name, _ in rest.overrides}
        needed = {p for p in stack.patches if turned & set(p.levers)}
        assert needed <= set(rest.patches) and rest != stack
        assert all(turned & set(p.levers) for p in rest.patches if p.levers), "a patch that nothing turns does nothing"
    rest = stack
    for part in parts:
        rest = removed(rest, part)
    assert rest == BASELINE


def patch(digest: str, *levers: str) -> Patch:
    return Patch(digest=Digest(digest * 64), paths=(f"{digest}.py",), levers=levers)


def test_of_two_levers_of_one_patch_the_patch_counts_once(
    ended: tuple[World, Campaign], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = (patch("d", "a", "b"),)
    both = Change(overrides=on("a", "b").overrides, patches=held)
    told = {Change(patches=held): 0.02, **{replace(on(n), patches=held): 0.03 for n in "ab"}, both: 0.04}
    seen = [Seen(change, effect, 0.0005) for change, effect in told.items()]
    now = believe(workload(list(EFFECTS)).levers, seen, 0.0002, {})
    (pair,) = inside(ended[1], monkeypatch, now, both).pairs
    assert pair.kind is Kind.ADDITIVE and pair.beyond.value == pytest.approx(0.0, abs=0.004)


def test_what_shared_runs_say_is_not_drawn_to_what_was_predicted(ended: tuple[World, Campaign]) -> None:
    told = {ended[1].hypotheses[s.hypothesis].change.overrides[0][0]: s for s in shared(ended[1])}
    now = belief(ended[1])
    assert told and now is not None
    for name, s in told.items():
        assert s.raw.low < EFFECTS[name] < s.raw.high or abs(s.raw.value - EFFECTS[name]) < 0.006
        assert s.raw.high - s.raw.low >= s.believed.high - s.believed.low
        assert s.runs > 0


def test_members_of_shared_runs_are_kept_for_later_campaigns_without_a_verdict(ended: tuple[World, Campaign]) -> None:
    w, c = ended
    kept = [i for i in w.kept.values() if i.standing is Standing.SHARED]
    assert {i.change for i in kept} >= {
        str(c.hypotheses[s.hypothesis].change)
        for s in shared(c)
        if str(c.hypotheses[s.hypothesis].change)
        not in {i.change for i in w.kept.values() if i.standing is Standing.JUDGED}
    }
    assert {str(i.verdict) for i in kept} <= {"inconclusive"}
    assert all(i.cost_ms == 0 and i.raw is not None for i in kept)


def test_the_best_is_run_without_each_of_its_parts_where_the_budget_pays_for_it() -> None:
    w = World(truth=Truth(effects={"a": 0.012, "b": 0.008, "c": 0.0}, seed_sd=0.001, row_sd=0.0005), budget_s=9000.0)
    c = w.run()
    told = [r.event for r in w.journal.read(CAMPAIGN) if isinstance(r.event, ReplicatesAdded)]
    assert any(e.reason.startswith("the best without each of") for e in told)
    best = next(arm.change for arm in full_arms(c))
    apart = [removed(best, part) for part in settings(best)]
    assert len(apart) > 1 and all(c.experiment_of(x, "full") for x in apart)
    assert c.ledger.spent <= c.ledger.granted and c.ledger.overrun == 0


def test_where_confirmation_could_use_the_money_nothing_is_ablated() -> None:
    tight = World(truth=Truth(effects=EFFECTS, seed_sd=0.001, row_sd=0.0005), budget_s=2400.0, rungs=False)
    c = tight.run()
    told = [r.event for r in tight.journal.read(CAMPAIGN) if isinstance(r.event, ReplicatesAdded)]
    assert not any(e.reason.startswith("the best without each of") for e in told)
    assert c.proposal is not None
