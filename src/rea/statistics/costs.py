"""How far runs lay off what was expected of their cost, learnt from what earlier ones did cost. Pure."""

from collections.abc import Mapping, Sequence
from math import exp, sqrt
from statistics import NormalDist, fmean

from rea.domain.plan import NO_PAST, CostError

CAMPAIGNS, EXPERIMENTS = 2.0, 6.0  # what the defaults of ``CostError`` count as, in campaigns and experiments
LEVEL = 0.8


def learn(ratios: Mapping[str, Sequence[float]]) -> CostError:
    """Return the error of a cost model whose ``ratios``, by campaign, are logarithms of measured over expected costs.

    A mean over few campaigns is drawn towards no bias, scatter towards the defaults.
    """
    told = [list(found) for found in ratios.values() if found]
    if not told:
        return NO_PAST
    means = [fmean(found) for found in told]
    bias = sum(means) / (len(means) + 1)
    apart = sum((mean - bias) ** 2 for mean in means)
    inside = sum((ratio - mean) ** 2 for found, mean in zip(told, means, strict=True) for ratio in found)
    free = sum(len(found) - 1 for found in told)
    return CostError(
        experiments=sum(map(len, told)),
        campaigns=len(told),
        bias=bias,
        between=sqrt((CAMPAIGNS * NO_PAST.between**2 + apart) / (CAMPAIGNS + len(told))),
        within=sqrt((EXPERIMENTS * NO_PAST.within**2 + inside) / (EXPERIMENTS + free)),
    )


def span(cost: float, error: CostError, experiments: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval around an expected cost that is the sum of so many experiments' costs; in the unit of ``cost``.

    What all have in common (the machine, a bias of the model) does not average out, what is an experiment's own does.
    """
    common = error.between**2 * (1 + 1 / (error.campaigns + 1))
    half = NormalDist().inv_cdf((1 + level) / 2) * sqrt(common + error.within**2 / max(1, experiments))
    return cost * exp(-half), cost * exp(half)
