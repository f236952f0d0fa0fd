"""Seed noise: with two to five seeds an arm's own variance is nearly unknown, so arms lend each other theirs.

Moderated variance after Smyth (2004), as in limma, with two cautions of ours. Better fits are noisier, so an arm may borrow at most
``LENT_AT_MOST`` degrees of freedom however alike the arms look, and borrowing may raise an arm's variance but never lower it below
what its own seeds show.
"""

from collections.abc import Sequence
from functools import cache
from math import fsum, log, sqrt
from operator import attrgetter
from statistics import fmean
from typing import NamedTuple

from rea.statistics.effects import Part
from rea.statistics.gammas import digamma, tetragamma, trigamma

LENT_AT_MOST = 8.0
LENT_AT_LEAST = 1.0
# By the degrees of freedom of quieter arms, so many times their variance chance makes once in 10,000 (Student's t squared), and from six on a hundred
# times, which is beyond chance: an arm so far out has a run that broke, and no noise of a run.
BROKEN = (4.05e7, 1.0e4, 784.0, 242.0, 125.0)
FAR = 100.0


class Pool(NamedTuple):
    """The seed noise of many arms: ``df`` degrees of freedom in all, of which one arm may borrow ``lent``."""

    sd: float
    df: float
    lent: float

    @property
    def fair(self) -> bool:
        """Whether the arms look as if they share one variance: nothing had to be held back."""
        return self.lent >= min(self.df, LENT_AT_MOST)


def pooled(groups: Sequence[Sequence[float]], prior_sd: float | None = None, prior_df: float = 0.0) -> Pool:
    """Return the pooled seed noise of arms, each a sequence of single runs' values.

    ``prior_sd`` with ``prior_df`` is an earlier estimate from runs that are not in ``groups``. Groups of one add nothing, and neither do arms with a
    run that broke: theirs is their own variance, which ``moderated`` never lowers, and would be taken for everybody's noise.

    Raises:
        ValueError: there are neither two runs in any group nor a prior.
    """
    spreads = _sound([Part(variance(group), len(group) - 1) for group in groups if len(group) > 1])
    if prior_sd is not None and prior_df > 0:
        spreads.append(Part(prior_sd**2, prior_df))
    if not spreads:
        raise ValueError("no arm has two runs and there is no prior: the seed noise is unknown; run the baseline twice")
    df = sum(part.df for part in spreads)
    sd = sqrt(sum(part.df * part.variance for part in spreads) / df)
    return Pool(sd, df, min(df, LENT_AT_MOST, max(prior_df_of(spreads), LENT_AT_LEAST)))


def _sound(spreads: list[Part]) -> list[Part]:
    """Return the arms whose runs differ as runs do: all below the first that lies far beyond what the quieter ones have in common."""
    kept: list[Part] = []
    df = told = 0.0
    for part in sorted(spreads, key=attrgetter("variance")):
        usual = told / df if kept else 0.0
        most = BROKEN[int(df) - 1] if 0 < df <= len(BROKEN) else FAR
        if usual > 0 and part.variance > most * usual:
            break
        kept.append(part)
        df, told = df + part.df, told + part.df * part.variance
    return kept


def moderated(arm: Sequence[float], pool: Pool) -> Part:
    """Return an arm's variance of one run: its own and the pool's, weighted by degrees of freedom, and not below its own."""
    own_df = len(arm) - 1
    if own_df < 1:
        return Part(pool.sd**2, pool.lent)
    own, df = variance(arm), own_df + pool.lent
    return Part(max(own, (own_df * own + pool.lent * pool.sd**2) / df), df)


def variance(values: Sequence[float]) -> float:
    """Return the variance of at least two values (two passes: the standard library's exact fractions take forty times as long)."""
    if len(values) == 2:  # the usual case in a third of the time, to the last digit the same
        one, other = values
        mean = (one + other) / 2
        return (one - mean) ** 2 + (other - mean) ** 2 if one != other else 0.0
    if min(values) == max(values):
        return 0.0  # exactly, whatever rounding makes of the mean
    mean = fsum(values) / len(values)
    return fsum([(value - mean) ** 2 for value in values]) / (len(values) - 1)


def prior_df_of(spreads: Sequence[Part]) -> float:
    """Return d0, the degrees of freedom that the arms' likeness is worth (Smyth 2004, from the scatter of log variances).

    Infinite where they scatter no more than chance makes them. Variances of zero count as a hundred-thousandth of the mean.
    """
    mean = fmean(part.variance for part in spreads)
    if len(spreads) < 3 or mean == 0:
        return float("inf")
    logs = [log(max(p.variance, 1e-5 * mean)) + _bias_of_log(p.df) for p in spreads]
    excess = variance(logs) - fmean(_spread_of_log(p.df) for p in spreads)
    return 2.0 * trigamma_inverse(excess) if excess > 0 else float("inf")


@cache
def _bias_of_log(df: float) -> float:
    """Return how much lower than the log of a variance the log of its estimate is on average."""
    return log(df / 2) - digamma(df / 2)


@cache
def _spread_of_log(df: float) -> float:
    """Return the variance of the log of an estimated variance."""
    return trigamma(df / 2)


def trigamma_inverse(value: float) -> float:
    """Return x with trigamma(x) = ``value`` > 0, by Newton's method on 1/trigamma (Smyth 2004, appendix)."""
    if value < 1e-6:
        return 1.0 / value
    x = 0.5 + 1.0 / value
    for _ in range(50):
        tri = trigamma(x)
        step = tri * (1.0 - tri / value) / tetragamma(x)
        x += step
        if abs(step) < 1e-9 * x:
            break
    return x
