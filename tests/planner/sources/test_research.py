from itertools import pairwise

import pytest
from planner.foreign import FOREIGN, LEVERS, briefing, number, switch, words, workload

from rea.domain.change import BASELINE, change
from rea.domain.hypothesis import SourceName, hypothesis_id
from rea.domain.lever import Role
from rea.domain.technique import parse_precondition
from rea.knowledge.techniques.catalogue import load
from rea.planner.sources.research.preconditions import applies, holds
from rea.planner.sources.research.source import ResearchSource
from rea.planner.worth import expected_improvement, worth

CATALOGUE = load()
SOURCE = ResearchSource(CATALOGUE)


def test_proposals_are_whole_new_and_concrete() -> None:
    proposed = SOURCE.propose(briefing(), 12)
    assert len(proposed) == 12 == len({h.id for h in proposed})
    for h in proposed:
        assert h.id == hypothesis_id(h.change) and h.source is SourceName.RESEARCH
        assert h.citation and h.falsifier and h.technique in h.evidence
        assert all(name in h.statement for name, _ in h.change.overrides)
    assert "optim.lr 0.001 -> 0.003" in next(h for h in proposed if h.technique == "learning_rate_x3").statement


def test_the_best_for_its_price_comes_first_and_variety_follows() -> None:
    proposed = SOURCE.propose(briefing(), 10)
    assert worth(proposed[0]) == max(worth(h) for h in proposed)
    turned = [tuple(m.role for m in h.moves) for h in proposed]
    assert len(set(turned)) >= 7, turned
    by_rank = sorted(SOURCE.propose(briefing(), 1000), key=worth, reverse=True)[:10]
    assert len({tuple(m.role for m in h.moves) for h in by_rank}) < len(set(turned))


def test_what_is_taken_is_not_proposed_again() -> None:
    first = SOURCE.propose(briefing(), 8)
    taken = frozenset(h.id for h in first)
    assert not taken & {h.id for h in SOURCE.propose(briefing(taken=taken), 200)}


def test_the_current_configuration_is_what_is_improved_on() -> None:
    current = change(**{"optim.lr": 0.01, "use_bn": True})
    proposed = SOURCE.propose(briefing(current=current), 100)
    techniques = {h.technique for h in proposed}
    assert "learning_rate_x3" not in techniques and "batch_normalisation" not in techniques
    known = [h for h in proposed if h.technique != "exploration"]
    assert all({"optim.lr", "use_bn"} <= set(dict(h.change.overrides)) for h in known)


def test_the_baseline_is_never_proposed() -> None:
    current = change(sched="CosineAnnealingLR")
    proposed = SOURCE.propose(briefing(current=current), 200)
    assert all(any(h.change.value(v.name, v.default) != v.default for v in LEVERS) for h in proposed)


def test_levers_without_a_role_are_explored_one_at_a_time_and_said_to_be() -> None:
    inert = workload(
        number("a", Role.OTHER, 0.0, 0.0, 1.0),
        number("b", Role.OTHER, 30, 1, 1000),
        switch("c", Role.OTHER),
        words("d", Role.OTHER, "p", "q", "r"),
    )
    proposed = SOURCE.propose(briefing(inert), 20)
    assert [next(n for n, _ in h.change.overrides) for h in proposed[:4]] == ["a", "b", "c", "d"]
    assert {h.change for h in proposed} >= {change(b=60), change(b=15), change(c=True), change(d="q"), change(d="r")}
    for h in proposed:
        assert len(h.change.overrides) == 1 and h.statement.startswith("Exploration:") and h.technique == "exploration"
        assert h.predicted.low < h.predicted.value < 0 < h.predicted.high  # most turns of a competent default do harm


def test_a_lever_that_is_off_is_turned_on_gently() -> None:
    proposed = SOURCE.propose(briefing(workload(number("a", Role.OTHER, 0.0, 0.0, 0.6))), 20)
    assert [h.change.value("a", 0.0) for h in proposed] == pytest.approx([0.1, 0.02])


def test_what_the_field_knows_comes_before_what_is_turned_blindly() -> None:
    techniques = {h.technique: worth(h) for h in SOURCE.propose(briefing(), 200)}
    blind = techniques.pop("exploration")
    assert sum(of > blind for of in techniques.values()) > len(techniques) / 2


def test_too_few_techniques_are_filled_up_with_exploration() -> None:
    source = ResearchSource(CATALOGUE[:3])
    proposed = source.propose(briefing(), 10)
    assert len(proposed) == 10 and any(h.technique == "exploration" for h in proposed)


def test_a_share_is_drawn_without_regard_to_rank_the_same_each_time() -> None:
    greedy = {h.id for h in ResearchSource(CATALOGUE, exploration_share=0).propose(briefing(), 20)}
    mixed = [h.id for h in ResearchSource(CATALOGUE, exploration_share=0.3).propose(briefing(), 20)]
    assert mixed == [h.id for h in ResearchSource(CATALOGUE, exploration_share=0.3).propose(briefing(), 20)]
    assert 0 < len(set(mixed) - greedy) <= 6
    later = [h.id for h in ResearchSource(CATALOGUE, exploration_share=0.3).propose(briefing(round_=2), 20)]
    assert mixed[:14] == later[:14] and mixed[14:] != later[14:]


def test_preconditions_read_values_in_any_spelling() -> None:
    current = change(use_bn=True, net="Deep-FM")
    for text, expected in {
        "normalisation is off": False,
        "normalisation is on": True,
        "dropout is off": True,
        "schedule = constant": True,
        "optimizer = adam | sgd": True,
        "architecture = deepfm": True,
        "epochs < 3": False,
        "epochs > 2": True,
        "ensemble is there": False,
        "ensemble? = 3": True,
        "activation is there": True,
        "optimizer > 3": False,
    }.items():
        assert holds(parse_precondition(text), FOREIGN, current) is expected, text


def test_a_technique_that_needs_days_asks_for_them() -> None:
    recency = next(t for t in CATALOGUE if t.name == "recency_weighting_week")
    assert applies(recency, FOREIGN, BASELINE)
    assert not applies(recency, workload(*LEVERS, day=""), BASELINE)


def test_every_choice_of_a_lever_is_its_own_hypothesis() -> None:
    crosses = workload(words("pairs", Role.CROSSES, "", "a*b", "b*c"))
    proposed = [h for h in SOURCE.propose(briefing(crosses), 10) if h.technique == "add_a_cross"]
    assert {h.change for h in proposed} == {change(pairs="a*b"), change(pairs="b*c")}


def test_worth_pays_for_the_upper_end_and_divides_by_cost() -> None:
    proposed = SOURCE.propose(briefing(), 60)
    assert all(expected_improvement(h.predicted) >= max(0.0, 0.4 * h.predicted.value) for h in proposed)
    ranked = sorted(proposed, key=worth, reverse=True)
    assert all(worth(a) >= worth(b) for a, b in pairwise(ranked))
    assert ranked[-1].technique in {"exploration", "focal_loss"} or worth(ranked[-1]) >= 0
