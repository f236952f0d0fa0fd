import numpy as np
import pytest

from rea.statistics.effects import Estimate
from rea.statistics.interaction import Kind, interaction


def of(effect: float, se: float = 0.001) -> Estimate:
    return Estimate(effect, se, 50)


@pytest.mark.parametrize(
    "stack, kind", [(0.04, Kind.SYNERGY), (0.02, Kind.CONFLICT), (0.03, Kind.ADDITIVE), (0.031, Kind.ADDITIVE)]
)
def test_the_interval_decides_the_kind(stack: float, kind: Kind) -> None:
    found = interaction(of(stack), [of(0.01), of(0.02)])
    assert found.kind is kind
    assert found.low < found.estimate.effect < found.high
    assert found.estimate.effect == pytest.approx(stack - 0.03)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_shared_baseline_is_counted_as_often_as_it_is_there(k: int) -> None:
    rng, sd = np.random.default_rng(0), 0.01
    baseline = rng.normal(0, sd, 50_000)
    arms = rng.normal(0, sd, (k + 1, 50_000))
    difference = (baseline - arms[0]) - sum(baseline - arm for arm in arms[1:])
    single = of(0.0, (2 * sd**2) ** 0.5)
    found = interaction(single, [single] * k, baseline_variance=sd**2)
    assert found.estimate.se == pytest.approx(float(np.std(difference)), rel=0.02)


def test_a_forgotten_baseline_would_claim_too_much() -> None:
    single = of(0.0, (2 * 0.01**2) ** 0.5)
    assert interaction(single, [single] * 5).estimate.se < interaction(single, [single] * 5, 0.01**2).estimate.se
