from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rea.statistics import shrinkage
from rea.statistics.shrinkage import shrink

effects = st.lists(st.floats(-0.1, 0.1), min_size=1, max_size=12)
errors = st.floats(1e-4, 0.05)


@given(effects, errors, st.floats(-0.02, 0.02), st.floats(1e-3, 0.05))
def test_the_posterior_lies_between_measurement_prior_and_nothing(
    measured: list[float], se: float, mean: float, sd: float
) -> None:
    k = len(measured)
    for effect, found in zip(measured, shrink(measured, [se] * k, [mean] * k, sd), strict=True):
        low, high = min(effect, mean, 0.0), max(effect, mean, 0.0)
        assert low - 1e-12 <= found.mean <= high + 1e-12
        assert 0 <= found.p_positive <= 1


@given(effects, errors, st.floats(1e-3, 0.05))
def test_it_is_symmetric(measured: list[float], se: float, sd: float) -> None:
    k = len(measured)
    one = shrink(measured, [se] * k, [0.0] * k, sd)
    other = shrink([-effect for effect in measured], [se] * k, [0.0] * k, sd)
    assert [p.mean for p in one] == pytest.approx([-p.mean for p in other])


@given(effects, st.floats(1e-3, 0.05))
def test_the_larger_measurement_keeps_the_larger_posterior(measured: list[float], sd: float) -> None:
    k = len(measured)
    found = [p.mean for p in shrink(measured, [0.01] * k, [0.0] * k, sd)]
    order = sorted(range(k), key=measured.__getitem__)
    assert all(found[a] <= found[b] + 1e-12 for a, b in pairwise(order))


def test_without_nulls_a_lone_effect_is_the_conjugate_posterior_of_its_own_spread() -> None:
    (found,) = shrink([0.02], [1e-9], [0.0], 0.01, null_share=0.0)
    assert found.mean == pytest.approx(0.02)
    (found,) = shrink([0.02], [10.0], [0.005], 0.01, null_share=0.0)
    assert found.mean == pytest.approx(0.005, abs=1e-4)


def test_exact_measurements_are_believed() -> None:
    sure = shrink([0.01, 0.0], [0.0, 0.0], [0.0, 0.0], 0.01)
    assert sure[0].mean == pytest.approx(0.01)
    assert sure[0].p_positive == 1.0
    assert sure[1].mean == 0.0


def test_of_very_many_effects_a_sample_tells_what_all_would(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    truth = np.where(rng.random(9000) < 0.5, 0.0, rng.normal(0, 0.01, 9000))
    told = (truth + rng.normal(0, 0.006, 9000)).tolist(), [0.006] * 9000, [0.0] * 9000, 0.02
    sampled = shrink(*told)
    monkeypatch.setattr(shrinkage, "LEARNT_FROM", 9000)
    whole = shrink(*told)
    assert sampled != whole
    assert max(abs(a.mean - b.mean) for a, b in zip(sampled, whole, strict=True)) < 0.002


def campaigns(share: float, count: int = 400) -> tuple[float, float, float]:
    """Optimism of the best measured effect over its truth: raw, shrunk; and how often the posterior interval covers."""
    rng = np.random.default_rng(0)
    raw, shrunk, covered = [], [], []
    for _ in range(count):
        truth = np.where(rng.random(12) < share, 0.0, rng.normal(0, 0.01, 12))
        measured = truth + rng.normal(0, 0.006, 12)
        found = shrink(measured.tolist(), [0.006] * 12, [0.0] * 12, 0.01)
        best = int(measured.argmax())
        raw.append(measured[best] - truth[best])
        shrunk.append(found[best].mean - truth[best])
        low, high = found[best].interval()
        covered.append(low <= truth[best] <= high)
    return float(np.mean(raw)), float(np.mean(shrunk)), float(np.mean(covered))


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_the_winners_curse_is_lifted(share: float) -> None:
    raw, shrunk, covered = campaigns(share)
    assert raw > 0.002
    assert abs(shrunk) < raw / 2
    assert covered > 0.9


def moments_one_by_one(arms: list[tuple[float, float, float]], tau2: float, null_share: float) -> tuple[float, float]:
    weight = moved = 0.0
    for effect, noise, mean in arms:
        kept = tau2 / (noise + tau2)
        alive = shrinkage.alive(effect, noise, mean, noise + tau2, null_share)
        weight += alive
        moved += alive * (kept * noise + (kept * (effect - mean)) ** 2)
    return weight, moved


some = st.lists(st.tuples(st.floats(-0.1, 0.1), st.floats(1e-8, 1e-2), st.floats(-0.1, 0.1)), min_size=1, max_size=9)


@given(some, st.floats(1e-8, 1e-2), st.sampled_from([0.0, 0.5]))
def test_the_moments_are_those_of_one_arm_after_the_other(
    arms: list[tuple[float, float, float]], tau2: float, share: float
) -> None:
    assert shrinkage.moments(arms, tau2, share) == moments_one_by_one(arms, tau2, share)
