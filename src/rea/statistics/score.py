"""From comparisons to estimates: the one place where seed noise, row noise and costs become standard errors. Pure."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import exp, expm1, log, pi, sqrt
from statistics import fmean

from rea.domain.evidence import Comparison
from rea.domain.workload import MetricName
from rea.statistics.effects import Estimate, Part, estimate, welch
from rea.statistics.variance import Pool, moderated, pooled

UNFOLD = 1 / sqrt(1 - 2 / pi)  # |log ratio| of a calibrated model is half-normal, which hides up to 40 % of the spread
_ONE = (0.0,)  # seed tells of no noise
COST_SD, COST_DF = 0.1, 3.0  # what is believed of the noise of costs while hardly any was measured


def pool_of(comparisons: Iterable[Comparison], prior_sd: float | None = None, prior_df: float = 0.0) -> Pool:
    """Return the seed noise of all arms in comparisons of one metric, slice and fidelity, each arm and baseline counted once.

    The prior stands for runs that are not in the comparisons. Without any arm of two runs and without a prior, noise as large as the
    metric itself is assumed: nothing can be concluded, and nothing breaks.
    """
    arms: dict[str, tuple[float, ...]] = {}
    for c in comparisons:
        if len(c.seeds) > len(arms.get(c.experiment, _ONE)):
            arms[c.experiment] = c.seeds
        if len(c.baseline_seeds) > len(arms.get(c.baseline, _ONE)):
            arms[c.baseline] = c.baseline_seeds
    if prior_df <= 0 and not arms:
        return Pool(sd=1.0, df=1.0, lent=1.0)
    return pooled(list(arms.values()), prior_sd, prior_df)


def score(comparison: Comparison, pool: Pool) -> Estimate:
    """Return the relative improvement with its error: seeds of both arms (moderated by the pool) and rows.

    The baseline's mean in the denominator is taken as known, which overstates the error of an improvement slightly.
    """
    fold = _fold(comparison)
    candidate, baseline = mean_of(comparison.seeds, pool), _mean_of_baseline(comparison.baseline_seeds, pool)
    whole = welch(
        Part(candidate.variance * fold, candidate.df),
        Part(baseline.variance * fold, baseline.df),
        shared_df=pool.df,
        rows=comparison.row_variance,
    )
    return Estimate(comparison.effect, sqrt(whole.variance), whole.df)


def error_of(comparison: Comparison, pool: Pool) -> float:
    """Return the standard error of ``score`` alone, in a third of its time: a long search asks it of ten thousand arms at once."""
    own = moderated(comparison.seeds, pool).variance / max(len(comparison.seeds), 1)
    seeds = own + _mean_of_baseline(comparison.baseline_seeds, pool).variance
    return sqrt(seeds * _fold(comparison) + comparison.row_variance)


def _fold(comparison: Comparison) -> float:
    return UNFOLD**2 if comparison.metric == MetricName.CALIBRATION else 1.0


def mean_of(arm: Sequence[float], pool: Pool) -> Part:
    """Return the variance of an arm's mean over its seeds."""
    one = moderated(arm, pool)
    return Part(one.variance / max(len(arm), 1), one.df)


@lru_cache(maxsize=64)
def _mean_of_baseline(seeds: tuple[float, ...], pool: Pool) -> Part:
    """Return the same once for all arms of a campaign, which have their baseline in common."""
    return mean_of(seeds, pool)


def score_value(comparison: Comparison, pool: Pool) -> Estimate:
    """Return the candidate's metric itself (not its improvement) with the error from its seeds and from rows."""
    seeds = mean_of(comparison.seeds, pool)
    return estimate(
        comparison.value, [Part(seeds.variance * scale_of(comparison) ** 2, seeds.df), Part(comparison.value_variance)]
    )


def scale_of(comparison: Comparison) -> float:
    """Return how much of the metric one unit of relative improvement is."""
    metric = MetricName(comparison.metric)
    if metric is MetricName.CALIBRATION:
        return abs(comparison.value) * UNFOLD
    return abs(comparison.baseline_value - metric.null_value)


def score_cost(candidate: Sequence[float], baseline: Sequence[float]) -> Estimate:
    """Return the log ratio of mean costs (negative = cheaper), from positive costs of single jobs, at least one an arm."""
    logs, of_baseline = [log(cost) for cost in candidate], tuple([log(cost) for cost in baseline])
    pool = cost_pool([logs, of_baseline])
    whole = welch(mean_of(logs, pool), _mean_of_baseline(of_baseline, pool), shared_df=pool.df, rows=0.0)
    return estimate(fmean(logs) - fmean(of_baseline), [whole])


def score_number(values: Sequence[float]) -> Estimate:
    """Return the mean of positive numbers that jobs claimed, such as a latency, with its error."""
    logs = [log(value) for value in values]
    part = mean_of(logs, cost_pool([logs]))
    mean = exp(fmean(logs))
    return estimate(mean, [Part(part.variance * mean**2, part.df)])


def cost_pool(logs: Sequence[Sequence[float]]) -> Pool:
    """Return the noise of log costs. Repeated runs that agree exactly have none; fewer than three degrees of freedom are eked out by the prior."""
    return _cost_pool(tuple([tuple(arm) for arm in logs if len(arm) > 1]))  # one run tells of no noise


@lru_cache(maxsize=64)
def _cost_pool(repeated: tuple[tuple[float, ...], ...]) -> Pool:
    df = sum(len(arm) - 1 for arm in repeated)
    exact = df > 0 and all(len(set(arm)) == 1 for arm in repeated)
    return pooled(repeated) if exact or df >= COST_DF else pooled(repeated, COST_SD, COST_DF)


def relative(log_ratio: float) -> float:
    """Return the relative change that a log ratio is."""
    return expm1(log_ratio)
