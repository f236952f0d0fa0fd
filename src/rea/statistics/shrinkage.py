"""Effects that were used to choose look better than they are. Empirical Bayes brings them back.

Each true effect is zero with probability ``null_share``, else normal around its prior mean with a standard deviation common to the campaign.
Both are learnt from the campaign's own effects (EM) and held by the prior, which counts as ``PRIOR_WEIGHT`` hypotheses.
"""

from collections.abc import Sequence
from math import copysign, erf, exp, log, sqrt
from statistics import NormalDist
from typing import NamedTuple

PRIOR_WEIGHT = 4.0
ROUNDS = 25
LEARNT_FROM = 2000  # effects: of more, an even sample tells the two numbers to a few hundredths


class Posterior(NamedTuple):
    """What is believed of one true effect after its measurement: moments, and the probability that it is above zero."""

    mean: float
    sd: float
    p_positive: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the normal interval with the posterior's mean and deviation."""
        half = NormalDist().inv_cdf((1 + level) / 2) * self.sd
        return self.mean - half, self.mean + half


def shrink(
    effects: Sequence[float],
    ses: Sequence[float],
    prior_means: Sequence[float],
    prior_sd: float,
    null_share: float = 0.5,
) -> tuple[Posterior, ...]:
    """Return each effect's posterior, given all of them.

    ``null_share`` is the prior share of ideas that do nothing; 0 gives plain normal shrinkage. ``prior_sd`` must be positive.
    """
    arms = [(effect, se**2, mean) for effect, se, mean in zip(effects, ses, prior_means, strict=True)]
    sample = arms[:: -(-len(arms) // LEARNT_FROM) or 1]
    tau2, share = prior_sd**2, null_share
    for _ in range(ROUNDS):
        weight, moved = moments(sample, tau2, share)
        tau2 = (PRIOR_WEIGHT * prior_sd**2 + moved) / (PRIOR_WEIGHT + weight)
        share = (PRIOR_WEIGHT * null_share + len(sample) - weight) / (PRIOR_WEIGHT + len(sample)) if null_share else 0.0
    return tuple([posterior(effect, noise, mean, tau2, share) for effect, noise, mean in arms])


def moments(arms: Sequence[tuple[float, float, float]], tau2: float, null_share: float) -> tuple[float, float]:
    """Return how many effects are not zero, and the sum of their squared distances from their prior means, as expected under ``tau2``.

    Each arm is its effect, the variance of its noise, and its prior mean.
    """
    gone = [((kept := tau2 / (noise + tau2)) * noise + (kept * (effect - mean)) ** 2) for effect, noise, mean in arms]
    if not null_share:
        return float(len(gone)), sum(gone)
    weights = [alive(effect, noise, mean, noise + tau2, null_share) for effect, noise, mean in arms]
    return sum(weights), sum([weight * moved for weight, moved in zip(weights, gone, strict=True)])


def alive(effect: float, noise: float, mean: float, total: float, null_share: float) -> float:
    """Return the probability that the effect is not exactly zero."""
    if null_share == 0 or (noise == 0 and effect != 0):
        return 1.0
    if noise == 0:
        return 0.0
    bayes = (effect**2 / noise - (effect - mean) ** 2 / total - log(total / noise)) / 2
    odds = log(1 - null_share) - log(null_share) + bayes
    return 1.0 / (1.0 + exp(-max(min(odds, 700.0), -700.0)))


def posterior(effect: float, noise: float, prior: float, tau2: float, null_share: float) -> Posterior:
    """Return the moments of the mixture of nothing and a normal, weighed by Bayes' factor, and the chance of a positive effect."""
    total = noise + tau2
    kept = tau2 / total
    centre, variance = prior + kept * (effect - prior), kept * noise
    weight = alive(effect, noise, prior, total, null_share)
    mean = weight * centre
    second = weight * (variance + centre**2)
    positive = erf(centre / sqrt(2 * variance)) if variance > 0 else copysign(1.0, centre or -1.0)
    return Posterior(mean, sqrt(max(second - mean**2, 0.0)), weight * (1 + positive) / 2)
