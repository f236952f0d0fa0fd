"""An effect, how uncertain it is, and the t interval and p-value that follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import NamedTuple

DF_AT_MOST = 1e6


@dataclass(frozen=True, slots=True)
class Estimate:
    """An effect with its standard error and the degrees of freedom behind that error."""

    effect: float
    se: float
    df: float

    @property
    def t(self) -> float:
        """The effect in standard errors; infinite where the error is exactly zero and the effect is not."""
        if self.se > 0:
            return self.effect / self.se
        return 0.0 if self.effect == 0 else inf if self.effect > 0 else -inf

    @property
    def p_value(self) -> float:
        """Two-sided p-value of "no effect"."""
        return 2.0 * t_tail(abs(self.t), self.df)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the two-sided interval that covers the true effect with probability ``level``."""
        half = t_quantile((1.0 + level) / 2.0, self.df) * self.se
        return self.effect - half, self.effect + half

    def above(self, value: float) -> float:
        """Return the one-sided p-value of "the true effect is not above ``value``"."""
        return t_tail(Estimate(self.effect - value, self.se, self.df).t, self.df)

    def __neg__(self) -> "Estimate":
        return Estimate(-self.effect, self.se, self.df)


class Part(NamedTuple):
    """One independent part of a variance, and the degrees of freedom it was estimated with."""

    variance: float
    df: float = DF_AT_MOST


def satterthwaite(parts: Sequence[Part]) -> Part:
    """Return the sum of independent variance parts with the degrees of freedom it has (Satterthwaite 1946)."""
    total = spread = 0.0
    for part in parts:  # in one loop, as a long search asks ten thousands of times
        total += part.variance
        spread += part.variance**2 / part.df
    return Part(total, min(total**2 / spread, DF_AT_MOST) if spread > 0 else DF_AT_MOST)


def estimate(effect: float, parts: Sequence[Part]) -> Estimate:
    """Return the effect with the error that the variance parts (seeds of each arm, rows) add up to."""
    whole = satterthwaite(parts)
    return Estimate(effect, sqrt(whole.variance), whole.df)


def welch(candidate: Part, baseline: Part, shared_df: float, rows: float) -> Part:
    """Return the variance of a difference of two arms' means, rows included.

    ``candidate`` and ``baseline`` are variances of means over seeds. Where both borrowed from one pool their errors are not independent, so
    the seeds' part never has more degrees of freedom than the pool's own ``shared_df``.
    """
    seeds = satterthwaite((candidate, baseline))
    return satterthwaite((Part(seeds.variance, min(seeds.df, shared_df)), Part(rows)))


def t_quantile(probability: float, df: float) -> float:
    """Return the quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(df, probability))


def t_tail(t: float, df: float) -> float:
    """Return the probability that Student's t exceeds ``t``."""
    from scipy.special import stdtr

    return float(stdtr(df, -t))
