from math import isinf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rea.statistics.effects import DF_AT_MOST, Estimate, Part, estimate, satterthwaite, welch

finite = st.floats(-10, 10)
positive = st.floats(1e-6, 10)
dfs = st.floats(1, 1000)


@given(finite, positive, dfs, st.floats(0.5, 0.999))
def test_the_interval_is_scipys(effect: float, se: float, df: float, level: float) -> None:
    assert Estimate(effect, se, df).interval(level) == pytest.approx(stats.t.interval(level, df, effect, se), rel=1e-6)


@given(finite, positive, dfs)
def test_the_p_value_is_scipys_and_agrees_with_the_interval(effect: float, se: float, df: float) -> None:
    found = Estimate(effect, se, df)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(effect) / se, df), rel=1e-6, abs=1e-12)
    low, high = found.interval(0.95)
    if abs(found.p_value - 0.05) > 1e-6:
        assert (found.p_value < 0.05) == (low > 0 or high < 0)


@given(finite, positive, dfs)
def test_sign_is_all_that_negation_changes(effect: float, se: float, df: float) -> None:
    found = Estimate(effect, se, df)
    low, high = found.interval()
    assert (-found).interval() == pytest.approx((-high, -low))
    assert (-found).p_value == pytest.approx(found.p_value)
    assert found.above(0) + (-found).above(0) == pytest.approx(1)


def test_no_error_at_all_is_certain() -> None:
    assert isinf(Estimate(0.1, 0.0, 3).t)
    assert Estimate(0.1, 0.0, 3).p_value == 0.0
    assert Estimate(-0.1, 0.0, 3).t == -Estimate(0.1, 0.0, 3).t
    assert Estimate(0.0, 0.0, 3).p_value == 1.0
    assert Estimate(0.1, 0.0, 3).interval() == (0.1, 0.1)


def test_two_samples_give_welchs_test() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.normal(0.3, 1, 5), rng.normal(0, 3, 8)
    parts = [Part(float(a.var(ddof=1)) / len(a), len(a) - 1) for a in (one, two)]
    found = estimate(float(one.mean() - two.mean()), parts)
    reference = stats.ttest_ind(one, two, equal_var=False)
    assert found.p_value == pytest.approx(reference.pvalue)
    assert found.df == pytest.approx(reference.df)


@given(st.lists(st.tuples(positive, dfs), min_size=1, max_size=5))
def test_mixed_degrees_of_freedom_lie_between_the_least_and_the_sum(pairs: list[tuple[float, float]]) -> None:
    parts = [Part(variance, df) for variance, df in pairs]
    whole = satterthwaite(parts)
    assert whole.variance == pytest.approx(sum(v for v, _ in pairs))
    assert min(df for _, df in pairs) <= whole.df * (1 + 1e-9)
    assert whole.df <= sum(df for _, df in pairs) * (1 + 1e-9)


def test_what_is_borrowed_from_one_pool_counts_once() -> None:
    arm = Part(1.0, 12.0)
    assert satterthwaite((arm, arm)).df == pytest.approx(24)
    assert welch(arm, arm, shared_df=12.0, rows=0.0).df == pytest.approx(12)
    assert welch(arm, arm, shared_df=12.0, rows=1e6).df > 1e5


def test_nothing_varies_nothing_breaks() -> None:
    assert satterthwaite([Part(0.0, 3)]) == Part(0.0, DF_AT_MOST)


def test_intervals_cover_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(2000):
        one, two, row = rng.normal(0, 1, 3), rng.normal(0, 1, 4), rng.normal(0, 0.5)
        seeds = [Part(float(a.var(ddof=1)) / len(a), len(a) - 1) for a in (one, two)]
        found = estimate(float(one.mean() - two.mean() + row), [*seeds, Part(0.25)])
        low, high = found.interval(0.9)
        covered += low < 0 < high
    assert abs(covered / 2000 - 0.9) < 3.3 * sqrt(0.09 / 2000) + 0.01
