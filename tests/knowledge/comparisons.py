"""Comparisons made by hand, as the judge would hand them over."""

from collections.abc import Sequence
from statistics import fmean

from rea.domain.evidence import Comparison, Rows
from rea.domain.ids import ExperimentId


def comparison(
    runs: Sequence[float],
    baseline: Sequence[float] = (-0.002, 0.0, 0.001, 0.001),
    *,
    name: str = "candidate",
    metric: str = "ne",
    row_variance: float = 1e-6,
    baseline_value: float = 0.8,
    value_variance: float = 1e-6,
    slice_: str = "",
) -> Comparison:
    """Return a comparison of runs given as relative improvements."""
    zero = fmean(baseline)
    effect = fmean(runs) - zero
    return Comparison(
        experiment=ExperimentId(name),
        baseline=ExperimentId("baseline"),
        metric=metric,
        rows=Rows.JUDGE,
        effect=effect,
        row_variance=row_variance,
        seeds=tuple(run - zero for run in runs),
        baseline_seeds=tuple(run - zero for run in baseline),
        row_count=10_000,
        value=baseline_value * (1 - effect),
        baseline_value=baseline_value,
        value_variance=value_variance,
        jobs=(),
        slice=slice_,
    )
