from dataclasses import replace

import numpy as np
import pytest
from knowledge.comparisons import comparison

from rea.statistics.score import error_of, pool_of, relative, score, score_cost, score_number, score_value
from rea.statistics.variance import Pool

SURE = Pool(sd=0.004, df=1e5, lent=1e5)


def test_both_variances_are_always_there() -> None:
    found = score(comparison([0.01, 0.02], row_variance=9e-6), Pool(sd=0.1, df=50, lent=8))
    assert found.effect == pytest.approx(0.015)
    assert found.se**2 > 0.1**2 * 0.7 * (1 / 2 + 1 / 4)
    alone = score(comparison([0.0] * 1000, [0.0] * 1000, row_variance=9e-6), Pool(sd=1e-9, df=50, lent=8))
    assert alone.se == pytest.approx(3e-3), "no number of seeds makes the rows certain"


def test_known_noise_gives_the_textbook_error() -> None:
    found = score(comparison([0.0] * 3, [0.0] * 4, row_variance=1e-6), SURE)
    assert found.se**2 == pytest.approx(0.004**2 * (1 / 3 + 1 / 4) + 1e-6, rel=1e-3)


@pytest.mark.parametrize("metric", ["ne", "calibration"])
@pytest.mark.parametrize("seeds", [[0.01], [0.01, 0.03, 0.02]])
def test_the_error_alone_is_the_score_s(seeds: list[float], metric: str) -> None:
    found = comparison(seeds, [0.0, 0.02], metric=metric, row_variance=4e-6)
    pool = pool_of([found])
    assert error_of(found, pool) == pytest.approx(score(found, pool).se, rel=1e-12)


def test_one_seed_takes_its_noise_from_the_other_arms() -> None:
    others = comparison([0.0, 0.01], name="other")
    pool = pool_of([others, comparison([0.02])])
    found = score(comparison([0.02]), pool)
    assert found.se > pool.sd * (1 + 1 / 4) ** 0.5 * 0.8
    assert found.df < pool.df + 1, "more than the pool only by the rows' share"


def test_the_shared_baseline_is_pooled_once() -> None:
    arms = [comparison([0.0, 0.01], name=f"e{i}") for i in range(3)]
    assert pool_of(arms).df == 3 + 3 * 1
    assert pool_of([*arms, arms[0]]).df == 6


def test_nothing_known_concludes_nothing() -> None:
    single = comparison([0.3], [0.0])
    low, high = score(single, pool_of([single])).interval()
    assert low < -1
    assert high > 1


def test_a_value_is_on_its_own_scale() -> None:
    auc = replace(comparison([0.1, 0.1], metric="auc", baseline_value=0.7, value_variance=0.0), value=0.72)
    found = score_value(auc, SURE)
    assert found.effect == 0.72
    assert found.se == pytest.approx(0.004 * 0.2 / 2**0.5, rel=1e-3), "0.2 above what knows nothing"


def test_folding_does_not_hide_the_noise_of_a_calibrated_model() -> None:
    rng, covered, n = np.random.default_rng(0), 0, 4
    for _ in range(500):
        logs = rng.normal(0, 0.02, (2, n))
        arm = replace(
            comparison(
                (-np.abs(logs[0])).tolist(), (-np.abs(logs[1])).tolist(), metric="calibration", value_variance=0.0
            ),
            value=float(np.exp(logs[0]).mean()),
        )
        low, high = score_value(arm, pool_of([arm], 0.02 * (1 - 2 / np.pi) ** 0.5, 20)).interval()
        covered += low < 1.0 < high
    assert covered / 500 > 0.93


def test_costs_are_compared_as_ratios() -> None:
    found = score_cost([50.0, 52.0, 48.0], [100.0, 101.0, 99.0])
    assert relative(found.effect) == pytest.approx(-0.5, abs=0.01)
    low, high = found.interval()
    assert -0.58 < relative(low) < relative(high) < -0.42
    assert score_cost([100.0, 101.0, 99.0], [50.0, 52.0, 48.0]).effect == pytest.approx(-found.effect)


def test_one_cost_each_says_little_and_a_size_that_never_varies_says_all() -> None:
    low, high = score_cost([90.0], [100.0]).interval()
    assert low < -0.3
    assert high > 0.1
    assert score_cost([90.0, 90.0], [100.0, 100.0]).se == 0.0
    assert score_number([12.0, 12.0]).interval() == pytest.approx((12.0, 12.0))
