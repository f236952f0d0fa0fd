"""How alike changes are: symmetric, positive, and the same whether asked one by one or all at once."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rea.domain.change import Change
from rea.domain.lever import Lever, LeverType, Role, Scalar
from rea.planner.belief import Asked, Belief, Expected, Mixed, Seen, believe, weigh
from rea.planner.kernel import Table, gram

NUMBERS = tuple(
    Lever(name=name, type=LeverType.FLOAT, role=Role.OTHER, default=1.0, low=low, high=8.0, log=False, choices=())
    for name, low in (("width", 0.0), ("shift", -8.0))
)
WORD = Lever(name="norm", type=LeverType.CHOICE, role=Role.OTHER, default="none", choices=("none", "batch", "layer"))
LEVERS = {lever.name: lever for lever in (*NUMBERS, WORD)}
values: dict[str, st.SearchStrategy[Scalar]] = {
    "width": st.sampled_from([0.0, 0.5, 2.0, 4.0]),
    "shift": st.sampled_from([-3.0, 0.0, 3.0]),
    "norm": st.sampled_from(["batch", "layer"]),
}


@st.composite
def changes(draw: st.DrawFn) -> Change:
    names = draw(st.sets(st.sampled_from(sorted(values)), min_size=1))
    return Change(overrides=tuple((name, draw(values[name])) for name in names))


def table(*of: Change) -> Table:
    return Table(LEVERS, of)


@given(st.lists(changes(), min_size=1, max_size=6))
def test_it_is_a_covariance_and_its_diagonal_is_what_each_has_with_itself(some: list[Change]) -> None:
    told = table(*some)
    for common, own in zip(gram(told, told), (*told.alone, told.sizes), strict=True):
        assert np.allclose(common, common.T)
        assert np.linalg.eigvalsh(common).min() > -1e-9
        assert np.allclose(np.diag(common), own)


@given(changes(), changes())
def test_a_pair_is_as_alike_alone_as_among_others(one: Change, other: Change) -> None:
    whole = gram(table(one, other), table(other, one))
    for each, alone in zip(whole, gram(table(one), table(other)), strict=True):
        assert np.allclose(each[0, 0], alone[0, 0])


def test_pairs_of_levers_are_products_of_single_ones() -> None:
    one = Change(overrides=(("width", 2.0), ("shift", 3.0), ("norm", "batch")))
    singles = [gram(*[table(Change(overrides=(o,)))] * 2)[0][0, 0] for o in one.overrides]
    whole = gram(table(one), table(one))
    assert whole[0][0, 0] == pytest.approx(sum(singles))
    assert whole[1][0, 0] == pytest.approx(sum(a * b for a, b in combinations(singles, 2)))


def test_what_stands_where_the_baseline_stands_has_nothing_in_common_with_anything() -> None:
    still = Change(overrides=(("width", 1.0),))
    assert gram(table(still), table(still, Change(overrides=(("width", 4.0),))))[0].tolist() == [[0.0, 0.0]]


def fitted() -> tuple[Belief, Mixed]:
    seen = [
        Seen(Change(overrides=(("width", 4.0),)), 0.02, 0.004),
        Seen(Change(overrides=(("width", 4.0), ("norm", "batch"))), 0.015, 0.004),
        Seen(Change(overrides=(("norm", "batch"),)), -0.01, 0.004),
    ]
    levers = tuple(LEVERS.values())
    expected: Expected = {("width", 4.0): 0.01}
    return believe(levers, seen, 0.002, expected), weigh(levers, seen, 0.002, expected)


def test_a_belief_is_the_textbook_posterior() -> None:
    """Rasmussen and Williams, equations 2.25 and 2.26, with an inverse in place of factors."""
    now, _ = fitted()
    wanted = (Change(overrides=(("width", 2.0),)), Change(overrides=(("norm", "layer"), ("shift", 3.0))))
    told, seen = Asked(now.design, wanted), Asked(now.design, now.design.changes)

    def signal(left: Asked, right: Asked) -> np.ndarray:
        singles, twos, own = gram(left.table, right.table)
        return now.scale**2 * (singles + now.pairs**2 * twos + 0.01 * own)

    noisy = signal(seen, seen) + now.design.shared**2 + np.diag(now.design.noise)
    apart = np.array([s.effect for s in now.design.seen]) - now.before(seen)[0]
    gain = signal(told, seen) @ np.linalg.inv(noisy)
    mean, covariance = now.joint(wanted)
    assert np.allclose(mean, now.before(told)[0] + gain @ apart)
    assert np.allclose(covariance, signal(told, told) - gain @ signal(seen, told))
    assert np.allclose(now.of(wanted), (mean, np.sqrt(np.diag(covariance))))


def test_a_mixture_is_what_its_beliefs_make_of_it_one_by_one() -> None:
    _, mixed = fitted()
    wanted = (Change(overrides=(("width", 2.0),)), Change(overrides=(("shift", 3.0),)))
    each = [(*belief.joint(wanted), weight) for belief, weight in mixed.beliefs]
    mean, covariance = mixed.joint(wanted)
    assert len(each) > 1
    assert np.allclose(mean, sum(weight * m for m, _, weight in each))
    spread = sum(weight * (v + np.outer(m - mean, m - mean)) for m, v, weight in each)
    assert np.allclose(covariance, spread)


def single(name: str, value: Scalar) -> Change:
    return Change(overrides=((name, value),))


WIDE, LAYER = ("width", 4.0), ("norm", "layer")
TELLING = [Seen(single("width", w), 0.005 * (w - 1), 0.0005) for w in (2.0, 4.0)] + [
    Seen(single("shift", 3.0), -0.02, 0.0005),
    Seen(Change(overrides=(("shift", 3.0), WIDE)), -0.005, 0.0005),
]
CLAIMS: Expected = {WIDE: 0.015}
MISLED: Expected = {("shift", 3.0): 0.02, LAYER: 0.03}


def test_each_who_predicts_is_trusted_as_far_as_its_own_predictions_hold() -> None:
    """One was right of all that was seen, the other wrong: the other's next promise is believed little, the first's stays what it is."""
    now = believe(tuple(LEVERS.values()), TELLING, 0.0001, CLAIMS, MISLED)
    assert now.trust[0] > now.trust[1] == 0.0
    assert now.of([single(*LAYER)])[0][0] < 0.01


def test_planted_bug_trusted_together_the_one_that_is_right_vouches_for_the_other() -> None:
    claims: Expected = {**CLAIMS, ("width", 2.0): 0.005, ("norm", "batch"): 0.02}
    seen = [*TELLING, Seen(single("norm", "batch"), 0.02, 0.0005)]
    apart = believe(tuple(LEVERS.values()), seen, 0.0001, claims, {LAYER: 0.03, ("shift", 3.0): 0.004})
    together = believe(tuple(LEVERS.values()), seen, 0.0001, {**claims, LAYER: 0.03, ("shift", 3.0): 0.004})
    assert apart.of([single(*LAYER)])[0][0] < together.of([single(*LAYER)])[0][0]
