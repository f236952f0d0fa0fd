from itertools import starmap
from math import fsum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import polygamma

from rea.statistics import variance
from rea.statistics.effects import Part
from rea.statistics.variance import LENT_AT_MOST, moderated, pooled, prior_df_of, trigamma_inverse

groups = st.lists(st.lists(st.floats(-1, 1), min_size=1, max_size=5), min_size=1, max_size=8)


def drawn(sds: list[float], n: int, seed: int) -> list[list[float]]:
    rng = np.random.default_rng(seed)
    return [rng.normal(0, sd, n).tolist() for sd in sds]


def test_the_pool_is_the_mean_variance_weighted_by_degrees_of_freedom() -> None:
    pool = pooled([[0, 2], [0, 1, 2], [5]], prior_sd=2.0, prior_df=3)
    assert pool.df == 1 + 2 + 3
    assert pool.sd**2 == pytest.approx((1 * 2 + 2 * 1 + 3 * 4) / 6)


def test_nothing_known_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="run the baseline twice"):
        pooled([[1.0], [2.0]])


def test_arms_that_scatter_by_chance_lend_all_they_may() -> None:
    pool = pooled(drawn([1.0] * 40, 5, seed=3))
    assert pool.fair
    assert pool.lent == LENT_AT_MOST


def test_arms_of_different_noise_lend_less() -> None:
    pool = pooled(drawn([0.1, 1.0, 5.0] * 8, 5, seed=3))
    assert not pool.fair
    assert pool.lent < 3


def test_the_prior_degrees_of_freedom_are_recovered() -> None:
    rng = np.random.default_rng(0)
    d0, d = 6.0, 4
    variances = d0 / rng.chisquare(d0, 4000) * rng.chisquare(d, 4000) / d
    assert prior_df_of([Part(float(v), d) for v in variances]) == pytest.approx(d0, rel=0.2)


@given(st.floats(1e-5, 1e5))
def test_trigamma_is_inverted(value: float) -> None:
    assert float(polygamma(1, trigamma_inverse(value))) == pytest.approx(value, rel=1e-4)


@given(groups, st.floats(0.01, 1), st.floats(1, 30))
def test_borrowing_never_makes_an_arm_look_quieter_than_its_seeds(
    arms: list[list[float]], prior_sd: float, prior_df: float
) -> None:
    pool = pooled(arms, prior_sd, prior_df)
    assert 0 < pool.lent <= min(pool.df, LENT_AT_MOST)
    for arm in arms:
        one = moderated(arm, pool)
        assert one.df == pytest.approx(len(arm) - 1 + pool.lent)
        assert one.variance >= (np.var(arm, ddof=1) if len(arm) > 1 else pool.sd**2) * (1 - 1e-9)


def test_one_run_borrows_everything() -> None:
    pool = pooled([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]])
    alone = moderated([7.0], pool)
    assert alone.variance == pytest.approx(1.0)
    assert alone.df == pool.lent


def test_a_trainer_without_noise_is_no_error() -> None:
    pool = pooled([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    assert pool.sd == 0
    assert moderated([1.0, 1.0], pool).variance == 0
    mixed = pooled([[1.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    assert mixed.sd > 0


def test_order_of_arms_does_not_matter() -> None:
    arms = drawn([1.0, 2.0, 3.0, 4.0], 4, seed=5)
    values = list(starmap(lambda *order: pooled([arms[i] for i in order]).lent, [(0, 1, 2, 3), (3, 1, 0, 2)]))
    assert values[0] == pytest.approx(values[1])


def test_a_run_that_broke_is_its_own_arm_s_noise_and_nobody_else_s() -> None:
    baseline, broken, other = [0.0006, -0.0095, -0.0048, 0.0137], [0.3112, -59.5172], [0.31, 0.29]
    whole = pooled([baseline, broken, other])
    assert whole.sd == pytest.approx(pooled([baseline, other]).sd)
    assert moderated(broken, whole).variance > 1000, "whoever has the broken run knows nothing of itself"
    assert pooled([baseline, broken, [-28.0, 0.2], other]).sd == pytest.approx(whole.sd), "two do not hide each other"


def test_planted_bug_a_broken_run_counts_as_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variance, "_sound", list)
    assert pooled([[0.0006, -0.0095, -0.0048, 0.0137], [0.3112, -59.5172]]).sd > 10


@pytest.mark.parametrize("n", [2, 3, 5])
def test_noise_alone_is_hardly_ever_taken_for_a_broken_run(n: int) -> None:
    rng = np.random.default_rng(n)
    sds = np.exp(rng.normal(0, 0.5, (1000, 12)))
    drawn = [[rng.normal(0, sd, n).tolist() for sd in arms] for arms in sds]
    lost = sum(len(arms) - len(variance._sound([Part(variance.variance(a), n - 1) for a in arms])) for arms in drawn)
    assert lost / (1000 * 12) < 0.002


def test_where_nothing_varies_one_that_does_is_not_broken() -> None:
    assert pooled([[1.0, 1.0], [2.0, 2.0], [0.0, 1.0]]).sd > 0


# ---- what is told in one pass is what was told in many -----------------------------------------------------------------------


def in_two_passes(values: list[float]) -> float:
    if min(values) == max(values):
        return 0.0
    mean = fsum(values) / len(values)
    return fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=6))
def test_the_variance_is_that_of_two_passes_to_the_last_digit(values: list[float]) -> None:
    assert variance.variance(values) == in_two_passes(values)


def sound_by_looking_back(spreads: list[Part]) -> list[Part]:
    kept: list[Part] = []
    for part in sorted(spreads, key=lambda part: part.variance):
        df = sum(p.df for p in kept)
        usual = sum(p.df * p.variance for p in kept) / df if kept else 0.0
        most = variance.BROKEN[int(df) - 1] if 0 < df <= len(variance.BROKEN) else variance.FAR
        if usual > 0 and part.variance > most * usual:
            break
        kept.append(part)
    return kept


@given(st.lists(st.builds(Part, st.floats(0, 1e6), st.integers(1, 5)), max_size=40))
def test_sound_arms_are_those_that_looking_back_at_all_quieter_ones_finds(spreads: list[Part]) -> None:
    assert variance._sound(spreads) == sound_by_looking_back(spreads)
