from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planner.foreign import briefing

from rea.domain.hypothesis import Effect, Hypothesis, SourceName
from rea.domain.ids import HypothesisId
from rea.domain.lever import Role
from rea.knowledge.techniques.catalogue import load
from rea.planner import portfolio
from rea.planner.portfolio import choose
from rea.planner.sources.research.source import ResearchSource
from rea.planner.worth import diversify, worth

OFFERED = tuple(ResearchSource(load()).propose(briefing(), 40))


def test_the_engineers_own_come_first_whatever_they_promise() -> None:
    dull = replace(OFFERED[-1], source=SourceName.ENGINEER, predicted=Effect(value=-0.1, low=-0.2, high=-0.05))
    chosen = choose([OFFERED, (dull,)], 5, 0.2, 0)
    assert chosen[0] == dull and len(chosen) == 5 and [h.id for h in chosen].count(dull.id) == 1


REMEMBERED = tuple(
    replace(h, source=SourceName.HISTORY, evidence=("a", "b"), predicted=Effect(value=0.5, low=0.4, high=0.6))
    for h in OFFERED
)


@given(st.sets(st.sampled_from(REMEMBERED)), st.integers(0, 20), st.floats(0, 1), st.integers(0, 9))
def test_what_history_hopes_for_comes_on_top_and_takes_nobodys_place(
    remembered: set[Hypothesis], count: int, share: float, seed: int
) -> None:
    told = sorted(remembered, key=lambda h: h.id)
    chosen, without = choose([told, OFFERED], count, share, seed), choose([OFFERED], count, share, seed)
    assert chosen[: len(without)] == without
    more = chosen[len(without) :]
    assert len(more) <= count / 2 and all(h.source is SourceName.HISTORY for h in more)
    assert len({h.id for h in chosen}) == len(chosen)


def test_planted_bug_history_that_comes_first_pushes_others_out() -> None:
    first = choose([[replace(h, source=SourceName.RESEARCH) for h in REMEMBERED[8:]], OFFERED], 8, 0.0, 0)
    assert not {h.id for h in choose([OFFERED], 8, 0.0, 0)} <= {h.id for h in first}


def test_a_models_idea_that_history_knows_is_historys() -> None:
    assert all(h.source is SourceName.HISTORY for h in choose([BOASTS, REMEMBERED], 10, 0.0, 0))


def test_the_ranked_part_is_best_first_and_varied() -> None:
    chosen = choose([OFFERED], 8, 0.0, 0)
    assert worth(chosen[0]) == max(map(worth, OFFERED))
    assert len({tuple(m.role for m in h.moves) for h in chosen}) >= 6


BOASTS = tuple(
    replace(h, source=SourceName.MODEL, predicted=Effect(value=0.5, low=0.4, high=0.6)) for h in OFFERED[12:24]
)


def modelled(chosen: tuple[Hypothesis, ...]) -> list[bool]:
    return [h.source is SourceName.MODEL for h in chosen]


def test_a_model_that_promises_everything_gets_half_of_any_first_so_many() -> None:
    told = modelled(choose([OFFERED[:12], BOASTS], 10, 0.0, 0))
    assert sum(told) == 5
    assert all(sum(told[:n]) <= max(1, n / 2) for n in range(1, 11))
    assert all(modelled(choose([BOASTS], 10, 0.0, 0))), "where nobody else has ideas they are all its own"


def test_planted_bug_without_the_limit_it_takes_all_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portfolio, "MODEL_SHARE", 1.0)
    assert all(modelled(choose([OFFERED[:12], BOASTS], 10, 0.0, 0)))


def test_shuffled_predictions_choose_differently() -> None:
    effects = [h.predicted for h in OFFERED]
    shuffled = [replace(h, predicted=e) for h, e in zip(OFFERED, effects[7:] + effects[:7], strict=True)]
    assert {h.id for h in choose([shuffled], 8, 0.0, 0)} != {h.id for h in choose([OFFERED], 8, 0.0, 0)}


@given(st.permutations(OFFERED[:12]), st.integers(0, 15), st.floats(0, 1), st.integers(0, 9))
def test_choice_is_bounded_distinct_repeatable_and_of_any_order(
    offered: list[Hypothesis], count: int, share: float, seed: int
) -> None:
    chosen = choose([offered[:6], offered[4:]], count, share, seed)
    assert len(chosen) == min(count, 12) == len({h.id for h in chosen})
    assert chosen == choose([sorted(offered, key=lambda h: h.id)], count, share, seed)


def test_an_idea_of_the_same_lever_is_discounted_whatever_is_known_of_its_moves() -> None:
    """One idea names the lever's role and the other does not: they are alike, and no less so for it."""
    switch = next(h for h in OFFERED if len(h.moves) == 1)
    other = next(h for h in OFFERED if len(h.moves) == 1 and h.moves[0].role is not switch.moves[0].role)
    bare = replace(switch, moves=(), id=HypothesisId("bare"), cost=1.0, predicted=_promise(0.020))
    role = replace(switch.moves[0], role=Role.OTHER)
    alike = replace(bare, moves=(role,), id=HypothesisId("alike"), predicted=_promise(0.010))
    apart = replace(other, id=HypothesisId("apart"), cost=1.0, predicted=_promise(0.004))
    assert [h.id for h in diversify([bare, alike, apart], 3)] == ["bare", "apart", "alike"]


def _promise(value: float) -> Effect:
    return Effect(value=value, low=value, high=value)
