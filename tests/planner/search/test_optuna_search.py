from itertools import pairwise
from math import log

import pytest
from planner.foreign import number, switch, words

from rea.domain.change import Change, change
from rea.domain.lever import Lever, Role, Scalar
from rea.planner.search.optuna_search import MOST_TOLD, OptunaSearch, told_of
from rea.planner.search.space import spans
from rea.ports import Point

LR = number("lr", Role.LEARNING_RATE, 1e-3, 1e-5, 1.0, log=True)
DIM = number("dim", Role.EMBEDDING_DIM, 16, 2, 64)
DROP = number("drop", Role.DROPOUT, 0.0, 0.0, 0.6)
HASH = number("hash", Role.HASH_SIZE, 0, 0, 1000)
NET = words("net", Role.ARCHITECTURE, "a", "b")
BN = switch("bn", Role.NORMALISATION)
LEVERS = (LR, DIM, DROP, HASH, NET, BN)
START: dict[str, Scalar] = {"lr": 0.003, "dim": 16, "drop": 0.2, "hash": 0, "net": "b", "bn": False}


def suggest(points: list[Point], count: int = 4, seed: int = 1, start: dict[str, Scalar] = START) -> list[Change]:
    return list(OptunaSearch().suggest(LEVERS, start, points, count, seed))


def test_suggestions_are_near_admitted_whole_and_distinct() -> None:
    found = suggest([], count=8)
    assert len(found) == len(set(found)) == 8
    for values in (dict(c.overrides) for c in found):
        assert set(values) == set(START)
        assert all(lever.admits(values[lever.name]) for lever in LEVERS)
        assert (values["net"], values["bn"], values["hash"]) == ("b", False, 0)
        lr, dim, drop = values["lr"], values["dim"], values["drop"]
        assert isinstance(lr, float) and 0.00075 <= lr <= 0.012
        assert isinstance(dim, int) and 16 - 18.6 <= dim <= 16 + 18.6
        assert isinstance(drop, float) and 0.02 <= drop <= 0.38


def test_the_same_seed_says_the_same_another_seed_something_else() -> None:
    assert suggest([]) == suggest([]) != suggest([], seed=2)


def test_what_was_tried_is_not_suggested() -> None:
    small: dict[str, Scalar] = {"dim": 3}
    levers = (number("dim", Role.EMBEDDING_DIM, 3, 2, 9),)
    search = OptunaSearch()
    first = search.suggest(levers, small, [], 10, 1)
    assert set(first) == {change(dim=2), change(dim=4), change(dim=5)}
    points = [Point(change=c, effect=0.0) for c in first[:2]]
    assert set(search.suggest(levers, small, points, 10, 1)) == {first[2]}


def test_nothing_to_vary_suggests_nothing() -> None:
    assert OptunaSearch().suggest((NET, BN, HASH), START, [], 3, 1) == ()
    assert suggest([], count=0) == []


def test_words_and_switches_vary_when_asked() -> None:
    found = OptunaSearch(choices=True).suggest((NET, BN), {"net": "a", "bn": False}, [], 3, 1)
    assert set(found) <= {change(net="a", bn=True), change(net="b", bn=False), change(net="b", bn=True)} and found


def test_points_from_elsewhere_and_failures_do_no_harm() -> None:
    points = [
        Point(change=change(lr=0.9), effect=0.5),
        Point(change=change(net="a"), effect=0.5),
        Point(change=change(unheard_of=1), effect=0.5),
        Point(change=change(lr=0.004), effect=None),
    ]
    assert len(suggest(points)) == 4


def _truth(values: dict[str, Scalar]) -> float:
    lr, drop = values["lr"], values["drop"]
    assert isinstance(lr, float) and isinstance(drop, float)
    return 0.02 - 0.01 * log(lr / 0.009) ** 2 - 0.1 * (drop - 0.1) ** 2


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_climbs(seed: int) -> None:
    points = [Point(change=Change(overrides=tuple(START.items())), effect=_truth(START))]
    best = [_truth(START)]
    for batch in range(8):
        for found in suggest(points, count=3, seed=seed + 10 * batch):
            points.append(Point(change=found, effect=_truth(dict(found.overrides))))
        best.append(max(p.effect for p in points if p.effect is not None))
    assert all(a <= b for a, b in pairwise(best))
    assert best[-1] > 0.015 > best[0]


@pytest.mark.parametrize(
    ("lever", "value", "low", "high"),
    [
        (LR, 0.003, 0.00075, 0.012),
        (number("x", Role.DROPOUT, 0.3, 0.0, 0.6), 0.3, 0.12, 0.48),
        (number("x", Role.EMBEDDING_L2, 0.0, 0.0, 0.01), 1e-5, 2.5e-6, 4e-5),
        (number("x", Role.WEIGHT_AVERAGING, 0.0, 0.0, 0.9999), 0.99, 0.96, 0.9975),
        (number("x", Role.EPOCHS, 2, 1, 8), 2, 1, 4),
        (number("x", Role.BATCH_SIZE, 1024, 512, 2048, log=True), 1024, 512, 2048),
    ],
)
def test_the_neighbourhood_is_local_and_inside_the_range(lever: Lever, value: Scalar, low: float, high: float) -> None:
    (span,) = spans((lever,), {lever.name: value})
    assert (span.low, span.high) == pytest.approx((low, high))


def test_what_is_off_stays_off_or_is_tried_mildly() -> None:
    assert spans((HASH,), {"hash": 0}) == ()
    (span,) = spans((DROP,), {"drop": 0.0})
    assert span.choices == (0.0, 0.1, 0.2)


def test_of_very_many_points_the_sampler_is_told_the_best_and_an_even_sample() -> None:
    scored = [(Change(overrides=(("x", float(n)),)), float(-n)) for n in range(7 * MOST_TOLD)]
    told = told_of(scored[::-1])
    assert len(told) <= MOST_TOLD and told[: MOST_TOLD // 2] == scored[: MOST_TOLD // 2]
    gaps = {b[1] - a[1] for a, b in pairwise(told[MOST_TOLD // 2 :])}
    assert len(gaps) == 1 and told[-1][1] < -6.9 * MOST_TOLD
    assert told_of(scored[:MOST_TOLD]) == scored[:MOST_TOLD]
