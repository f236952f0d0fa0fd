"""Whether changes that are stacked give more, or less, than the sum of what each gives alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from rea.statistics.effects import Estimate, Part, satterthwaite


class Kind(StrEnum):
    """How stacked changes act on each other. ``additive`` means: not shown to be anything else."""

    SYNERGY = "synergy"
    CONFLICT = "conflict"
    ADDITIVE = "additive"


@dataclass(frozen=True, slots=True)
class Interaction:
    """The stack's effect minus the sum of its parts', with the interval that decides the kind."""

    estimate: Estimate
    low: float
    high: float
    kind: Kind


def interaction(
    stack: Estimate, singles: Sequence[Estimate], baseline_variance: float = 0.0, level: float = 0.95
) -> Interaction:
    """Compare a stack with the sum of its parts, all measured against one baseline.

    ``baseline_variance`` is the variance of the baseline's mean. It is in every estimate, but in the difference it counts (k - 1)^2 times,
    not k + 1 times, for k parts.
    """
    k = len(singles)
    arms = (stack, *singles)
    whole = satterthwaite([Part(arm.se**2, arm.df) for arm in arms])
    variance = max(whole.variance + (k * k - 3 * k) * baseline_variance, whole.variance / (k + 1))
    difference = Estimate(stack.effect - sum(single.effect for single in singles), sqrt(variance), whole.df)
    low, high = difference.interval(level)
    return Interaction(difference, low, high, Kind.SYNERGY if low > 0 else Kind.CONFLICT if high < 0 else Kind.ADDITIVE)
