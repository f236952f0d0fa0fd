"""What many campaigns say of one move: random-effects pooling, because an effect differs from place to place."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from rea.statistics.effects import DF_AT_MOST, Estimate, t_quantile


@dataclass(frozen=True, slots=True)
class RandomEffects:
    """The mean effect over places, ``tau`` the true spread between them, and where the next place's effect will lie."""

    mean: Estimate
    tau: float
    low: float
    high: float


def random_effects(effects: Sequence[float], ses: Sequence[float], level: float = 0.95) -> RandomEffects:
    """Pool effects with standard errors: Paule and Mandel's tau, Knapp and Hartung's error (never below the plain one).

    ``low`` and ``high`` are the prediction interval of Higgins et al. (2009) at ``level``. One effect alone is returned as it is.

    Raises:
        ValueError: there is no effect, or a standard error is not positive.
    """
    if not effects or min(ses) <= 0:
        raise ValueError("pooling needs at least one effect, and positive standard errors")
    tau2, k = paule_mandel(effects, ses), len(effects)
    weights = [1 / (se**2 + tau2) for se in ses]
    mean = sum(w * e for w, e in zip(weights, effects, strict=True)) / sum(weights)
    scatter = scatter_of(effects, ses, tau2) / (k - 1) if k > 1 else 1.0
    se = sqrt(max(scatter, 1.0) / sum(weights))
    half = t_quantile((1 + level) / 2, max(k - 2, 1)) * sqrt(tau2 + se**2)
    return RandomEffects(Estimate(mean, se, k - 1 if k > 1 else DF_AT_MOST), sqrt(tau2), mean - half, mean + half)


def scatter_of(effects: Sequence[float], ses: Sequence[float], tau2: float) -> float:
    """Return Cochran's Q with ``tau2`` in the weights; it falls as ``tau2`` grows."""
    weights = [1 / (se**2 + tau2) for se in ses]
    mean = sum(w * e for w, e in zip(weights, effects, strict=True)) / sum(weights)
    return sum(w * (e - mean) ** 2 for w, e in zip(weights, effects, strict=True))


def paule_mandel(effects: Sequence[float], ses: Sequence[float]) -> float:
    """Return the between-place variance at which Q equals its expectation, zero where Q is below it already (by bisection)."""
    expected = len(effects) - 1
    if scatter_of(effects, ses, 0.0) <= expected:
        return 0.0
    low, high = 0.0, max(ses) ** 2
    while scatter_of(effects, ses, high) > expected:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if scatter_of(effects, ses, middle) > expected else (low, middle)
    return (low + high) / 2


def p_alike(effects: Sequence[float], ses: Sequence[float]) -> float:
    """Return the p-value of "all effects are the same" (Cochran's Q); 1 for fewer than two."""
    from scipy.special import chdtrc

    return float(chdtrc(len(effects) - 1, scatter_of(effects, ses, 0.0))) if len(effects) > 1 else 1.0
