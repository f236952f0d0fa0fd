"""Partial pooling: what agrees makes surer, what repeats itself does not, and places that have something in common inform each other more."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from statsmodels.stats.meta_analysis import combine_effects

from rea.statistics import hierarchy
from rea.statistics.hierarchy import GUESS_WEIGHT, Labels, Pooled, pool

GUESSES = (0.01, 0.005, 0.005, 0.003)
NEW = ("", "new", "new", "new")


def place(data: str, model: str = "m", campaign: str = "c") -> Labels:
    return ("", data, model, f"{data}.{model}.{campaign}")


def pooled(effects: Sequence[float], labels: Sequence[Labels], se: float = 0.002, asked: Labels = NEW) -> Pooled:
    return pool(effects, [se**2] * len(effects), labels, GUESSES, asked)


rows = st.lists(
    st.tuples(st.floats(-0.05, 0.05), st.sampled_from("abc"), st.sampled_from("xy"), st.sampled_from("12")),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_evidence_is_of_no_account(found: list[tuple[float, str, str, str]], random: Random) -> None:
    shuffled = random.sample(found, len(found))
    first, second = (pooled([e for e, *_ in x], [place(*p) for _, *p in x]) for x in (found, shuffled))
    for one, other in ((first.common, second.common), (first.here, second.here)):
        assert (one.mean, one.sd) == pytest.approx((other.mean, other.sd), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_a_new_place_is_never_surer_than_the_mean_of_all(found: list[tuple[float, str, str, str]]) -> None:
    x = pooled([e for e, *_ in found], [place(*p) for _, *p in found])
    assert x.here.sd > x.common.sd
    assert x.here.sd**2 >= sum(sd**2 for sd in x.sds[1:]) * (1 - 1e-9)


def test_evidence_that_agrees_makes_the_mean_and_the_prediction_surer() -> None:
    widths = [pooled([0.01] * n, [place(f"d{i}", f"m{i}") for i in range(n)]) for n in (1, 2, 4, 8, 16)]
    assert [x.common.sd for x in widths] == sorted((x.common.sd for x in widths), reverse=True)
    assert [x.here.sd for x in widths] == sorted((x.here.sd for x in widths), reverse=True)
    assert widths[-1].common.sd < 0.4 * widths[0].common.sd


def test_one_place_however_often_leaves_open_what_places_differ_by() -> None:
    once, often = (pooled([0.01] * n, [place("d", "m", f"c{i}") for i in range(n)]) for n in (1, 40))
    assert often.between(slice(1, 3)) > 0.9 * once.between(slice(1, 3))
    apart = pooled([0.01] * 40, [place(f"d{i}", f"m{i}") for i in range(40)])
    assert apart.here.sd < 0.6 * often.here.sd
    assert pooled([0.01] * 40, [place("d")] * 40, asked=place("d")).here.sd < 0.3 * often.here.sd


def test_contradiction_makes_less_sure() -> None:
    labels = [place(f"d{i}", f"m{i}") for i in range(6)]
    agree, differ = pooled([0.01] * 6, labels), pooled([-0.04, 0.06, -0.04, 0.06, 0.06, -0.04], labels)
    assert differ.common.sd > 1.5 * agree.common.sd
    assert differ.here.sd > 2 * agree.here.sd


def test_what_a_place_shares_with_others_informs_it() -> None:
    labels = [place("a", "x"), place("a", "y"), place("b", "x"), place("b", "y")] * 3
    effects = [0.03, 0.03, -0.01, -0.01] * 3  # the data set decides
    known, other = (pooled(effects, labels, asked=place(d, "z", "new")).here.mean for d in "ab")
    assert known > 0.02 > 0.0 > other
    assert pooled(effects, labels, asked=place("c", "x", "new")).here.mean == pytest.approx(0.01, abs=0.005)


def test_planted_bug_pooling_as_if_all_places_were_one_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hierarchy, "_estimated", lambda y, noise, shared, groups, guesses: [1e-4, 1e-12, 1e-12, 1e-12])
    with pytest.raises(AssertionError):
        test_one_place_however_often_leaves_open_what_places_differ_by()
    with pytest.raises(AssertionError):
        test_contradiction_makes_less_sure()


def test_the_spread_between_places_is_that_of_statsmodels_where_there_are_many() -> None:
    rng = np.random.default_rng(5)
    places, se = rng.normal(0.01, 0.02, 300), rng.uniform(0.002, 0.02, 300)
    y = places + rng.normal(0, se)
    reference = combine_effects(y, se**2, method_re="iterated")
    mine = pool(y.tolist(), (se**2).tolist(), [("", str(i)) for i in range(300)], (1.0, 0.01), ("", "new"))
    assert mine.sds[1] ** 2 == pytest.approx(float(reference.tau2), rel=0.1)
    assert mine.common.mean == pytest.approx(float(reference.mean_effect_re), abs=2e-4)
    assert mine.common.sd == pytest.approx(float(np.sqrt(reference.var_eff_w_re)), rel=0.06)


def test_the_estimate_is_the_top_of_the_penalised_likelihood_and_the_prediction_is_the_conditional_normal() -> None:
    rng = np.random.default_rng(2)
    labels = [place(d, m, c) for d in "abc" for m in "xy" for c in "12"]
    y = rng.normal(0.01, 0.02, len(labels))
    shared = [np.array([[a[k] == b[k] for b in labels] for a in labels], dtype=float) for k in range(4)]
    guesses = np.square(GUESSES)

    def covariance(squares: Sequence[float]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        return sum((t * s for t, s in zip(squares, shared, strict=True)), 0.004**2 * np.eye(len(y)))

    def loss(logs: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        t = np.exp(logs)
        penalty = GUESS_WEIGHT / 2 * float(np.sum(logs + guesses / t))
        return penalty - float(multivariate_normal(np.zeros(len(y)), covariance(t.tolist())).logpdf(y))

    top = np.sqrt(np.exp(minimize(loss, np.log(guesses), method="Nelder-Mead", options={"maxiter": 4000}).x))
    mine = pool(y.tolist(), [0.004**2] * len(y), labels, GUESSES, place("a", "x", "new"))
    assert mine.sds == pytest.approx(top.tolist(), rel=0.05)
    squares = [sd**2 for sd in mine.sds]
    asked = np.array(
        [sum(t for t, a, b in zip(squares, place("a", "x", "new"), x, strict=True) if a == b) for x in labels]
    )
    weights = np.linalg.solve(covariance(squares), asked)
    assert mine.here.mean == pytest.approx(float(weights @ y))
    assert mine.here.sd == pytest.approx(float(np.sqrt(sum(squares) - weights @ asked)))


def test_the_prediction_covers_the_next_place() -> None:
    rng, covered = np.random.default_rng(0), 0
    for _ in range(400):
        data, model = rng.normal(0, 0.005, 5), rng.normal(0, 0.005, 5)
        effects = rng.normal(0, 0.01) + data + model + rng.normal(0, 0.003, 5)
        labels = [place(f"d{i}", f"m{i}") for i in range(5)]
        x = pooled((effects[:4] + rng.normal(0, 0.002, 4)).tolist(), labels[:4], asked=labels[4])
        covered += abs(effects[4] - x.here.mean) <= 1.2816 * x.here.sd
    assert 0.75 < covered / 400 < 0.87  # 80 % asked; the standard error of the share is .02


@pytest.mark.parametrize("effects, variances", [([], []), ([0.1], [0.0])])
def test_nothing_to_pool_is_an_error(effects: list[float], variances: list[float]) -> None:
    with pytest.raises(ValueError, match="pooling needs"):
        pool(effects, variances, [NEW] * len(effects), GUESSES, NEW)
