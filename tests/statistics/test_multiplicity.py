from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from rea.statistics.multiplicity import (
    adjust_for_looks,
    alpha_for_opening,
    benjamini_hochberg,
    holm,
    spend,
)

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=20)
plans = st.lists(st.integers(1, 50), min_size=1, max_size=5, unique=True).map(sorted)


@settings(max_examples=30)
@given(p_values)
def test_both_are_statsmodels(ps: list[float]) -> None:
    with patch("gc.collect"):  # theirs looks for garbage at each call, half a second beside thousands of tests
        assert holm(ps) == pytest.approx(multipletests(ps, method="holm")[1])
        assert benjamini_hochberg(ps) == pytest.approx(multipletests(ps, method="fdr_bh")[1])


@given(p_values)
def test_raw_below_discovery_rate_below_family_wise_below_bonferroni(ps: list[float]) -> None:
    for raw, bh, hm in zip(ps, benjamini_hochberg(ps), holm(ps), strict=True):
        assert raw <= bh + 1e-12
        assert bh <= hm + 1e-12
        assert hm <= min(1.0, raw * len(ps)) + 1e-12


@given(p_values, st.integers(0, 1000))
def test_order_does_not_matter(ps: list[float], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(ps)).tolist()
    for adjust in (holm, benjamini_hochberg):
        assert adjust([ps[i] for i in order]) == pytest.approx([adjust(ps)[i] for i in order])


def test_nothing_to_adjust() -> None:
    assert holm([]) == benjamini_hochberg([]) == ()


@given(plans, st.floats(0.001, 0.2))
def test_the_looks_spend_exactly_what_there_is(looks: list[int], alpha: float) -> None:
    shares = [spend(i, looks, alpha) for i in range(len(looks))]
    assert sum(shares) == pytest.approx(alpha)
    assert min(shares) > 0


@given(plans, st.floats(0, 1), st.integers(1, 60))
def test_looking_early_costs(looks: list[int], p: float, runs: int) -> None:
    assert p * (1 - 1e-9) - 1e-300 <= adjust_for_looks(p, runs, looks) <= 1
    assert adjust_for_looks(p, runs, looks[-1:]) == pytest.approx(p)


def test_one_look_is_free_and_the_last_of_three_nearly() -> None:
    assert adjust_for_looks(0.02, 4, (4,)) == pytest.approx(0.02)
    assert adjust_for_looks(0.02, 4, (1, 2, 4)) < 0.024
    assert adjust_for_looks(0.02, 3, (1, 2, 4)) == adjust_for_looks(0.02, 2, (1, 2, 4)) > 0.1


def looks_find_something(adjusted: bool) -> float:
    """The share of null hypotheses that any of three looks calls significant at 5 %."""
    rng = np.random.default_rng(0)
    z = np.cumsum(rng.standard_normal((4000, 4)), axis=1) / np.sqrt(np.arange(1, 5))
    from scipy.stats import norm

    found = np.zeros(4000, dtype=bool)
    for n in (1, 2, 4):
        p = 2 * norm.sf(np.abs(z[:, n - 1]))
        found |= np.array([(adjust_for_looks(v, n, (1, 2, 4)) if adjusted else v) <= 0.05 for v in p])
    return float(found.mean())


def test_peeking_is_paid_for() -> None:
    assert looks_find_something(adjusted=True) < 0.055
    assert looks_find_something(adjusted=False) > 0.08, "without the price, peeking must be seen to mislead"


def test_openings_of_one_test_set_never_spend_more_than_alpha() -> None:
    shares = [alpha_for_opening(k, 0.05) for k in range(1, 200)]
    assert sum(shares) <= 0.05
    assert shares[0] == pytest.approx(0.0304, abs=1e-4)
    assert shares == sorted(shares, reverse=True)
    assert shares[5] == 0.0, "spent: it can rank, it cannot confirm"
