import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects

from rea.statistics.pooling import paule_mandel, random_effects, scatter_of

pairs = st.lists(st.tuples(st.floats(-1, 1), st.floats(0.01, 1)), min_size=2, max_size=10)


@given(pairs)
def test_the_scatter_is_what_chance_makes_it_or_less(found: list[tuple[float, float]]) -> None:
    effects, ses = zip(*found, strict=True)
    tau2, expected = paule_mandel(effects, ses), len(found) - 1
    if tau2 > 0:
        assert scatter_of(effects, ses, tau2) == pytest.approx(expected, rel=1e-6)
    else:
        assert scatter_of(effects, ses, 0.0) <= expected


def test_between_place_variance_is_statsmodels() -> None:
    effects, ses = [0.1, 0.3, -0.2, 0.5, 0.05], [0.1, 0.05, 0.2, 0.15, 0.08]
    reference = combine_effects(np.array(effects), np.array(ses) ** 2, method_re="iterated", atol=1e-10)
    assert paule_mandel(effects, ses) == pytest.approx(float(reference.tau2), rel=1e-4)


@given(pairs)
def test_the_mean_lies_among_the_effects_and_the_prediction_is_wider(found: list[tuple[float, float]]) -> None:
    effects, ses = zip(*found, strict=True)
    pooled = random_effects(effects, ses)
    assert min(effects) - 1e-9 <= pooled.mean.effect <= max(effects) + 1e-9
    low, high = pooled.mean.interval()
    assert pooled.low < pooled.high
    if len(found) > 2:
        assert pooled.high - pooled.low >= (high - low) * 0.999


def test_one_place_alone_is_returned_as_it_is() -> None:
    pooled = random_effects([0.02], [0.01])
    assert (pooled.mean.effect, pooled.mean.se, pooled.tau) == (0.02, 0.01, 0.0)


def test_places_that_disagree_widen_everything() -> None:
    same, apart = random_effects([0.01] * 5, [0.002] * 5), random_effects([-0.03, -0.01, 0.01, 0.03, 0.05], [0.002] * 5)
    assert same.tau == 0
    assert apart.tau > 0.02
    assert apart.mean.se > 5 * same.mean.se


@pytest.mark.parametrize("effects, ses", [([], []), ([0.1], [0.0])])
def test_nothing_to_pool_is_an_error(effects: list[float], ses: list[float]) -> None:
    with pytest.raises(ValueError, match="pooling needs"):
        random_effects(effects, ses)


def test_the_prediction_interval_covers_the_next_place() -> None:
    rng, covered = np.random.default_rng(0), 0
    for _ in range(1000):
        places = rng.normal(0.01, 0.01, 9)
        measured = places + rng.normal(0, 0.005, 9)
        pooled = random_effects(measured[:8].tolist(), [0.005] * 8, level=0.9)
        covered += pooled.low <= places[8] <= pooled.high
    assert 0.86 < covered / 1000 < 0.95
