"""Comparing arms on the same sealed rows: effects, and both parts of their uncertainty. Decides nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rea.domain.action import ArmPair
from rea.domain.errors import JudgeRefused, WorkloadError
from rea.domain.evidence import Comparison, Rows
from rea.domain.ids import JobId
from rea.domain.workload import MetricName
from rea.judge.archive import Archive
from rea.judge.metrics import Score, score, variance_of_mean
from rea.judge.request import Comparing, Question
from rea.judge.rows import Floats, Ints, SealedRows, load_rows
from rea.judge.slices import large_slices

_LEAST = 1e-9  # keeps quotients and logarithms finite
_NAMES = frozenset(str(metric) for metric in MetricName)


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """A metric of one arm: its value in each run, and the contributions of R rows, meaned over the runs."""

    runs: tuple[float, ...]
    contribution: Floats

    @property
    def value(self) -> float:
        return float(np.mean(self.runs))


@dataclass(frozen=True, slots=True)
class Asked:
    """One metric on all rows, or on the rows ``index`` of a slice."""

    metric: MetricName
    slice: str = ""
    index: Ints | None = None


def compare(question: Question, asked: Comparing) -> tuple[Comparison, ...]:
    """Compare each pair by the primary metric; with guardrails, also by calibration and by the guardrails' metrics and slices.

    Raises:
        JudgeRefused: a job's predictions of these rows were never accepted.
        WorkloadError: a metric is not defined on these rows, or a guardrail names an unknown slice.
    """
    campaign = Path(question.campaign)
    rows = load_rows(campaign / "sealed" / f"{asked.rows}.npz")
    what = list(_asked(question, rows, asked.guardrails))
    runs = _Runs(Archive(campaign / "judged"), asked.rows)
    best = _bound(question, rows)
    found = (_pair(pair, each, rows, runs) for pair in asked.pairs for each in what)
    return tuple(replace(c, bound=best) if c.metric == question.primary and not c.slice else c for c in found)


def bound(question: Question, on: Rows) -> float | None:
    """Return the oracle's primary metric on these rows, else the bound that the workload names, else None."""
    return _bound(question, load_rows(Path(question.campaign) / "sealed" / f"{on}.npz"))


def _bound(question: Question, rows: SealedRows) -> float | None:
    if rows.oracle is None:
        return None if question.bound is None else question.bound.value
    return _score(Asked(question.primary), rows, rows.oracle).value


def contrast(metric: MetricName, baseline: Arm, arm: Arm) -> tuple[float, Floats]:
    """Return the relative improvement of ``arm`` over ``baseline`` and its R contributions (delta method).

    Lower is better: (b - c) / b. Larger is better: (c - b) / |b - 0.5|. Calibration: |ln b| - |ln c|.
    """
    b, c = baseline.value, arm.value
    of_b, of_c = baseline.contribution - b, arm.contribution - c
    effect = _improvement(metric, b, c)
    if metric is MetricName.CALIBRATION:
        b, c = max(b, _LEAST), max(c, _LEAST)
        return effect, np.sign(np.log(b)) * of_b / b - np.sign(np.log(c)) * of_c / c
    scale = _scale(metric, b)
    sign, side = (1.0 if metric.larger_is_better else -1.0), np.copysign(1.0, b - metric.null_value)
    return effect, (sign * (of_c - of_b) - effect * side * of_b) / scale


def _improvement(metric: MetricName, b: float, c: float) -> float:
    if metric is MetricName.CALIBRATION:
        return float(abs(np.log(max(b, _LEAST))) - abs(np.log(max(c, _LEAST))))
    return (c - b if metric.larger_is_better else b - c) / _scale(metric, b)


def _scale(metric: MetricName, b: float) -> float:
    """What the baseline exceeds knowing nothing by; a baseline that knows nothing makes any effect huge, and as uncertain."""
    return max(abs(b - metric.null_value), _LEAST)


class _Runs:
    """Scores of accepted runs, each computed once a request."""

    def __init__(self, archive: Archive, rows: Rows) -> None:
        self._archive, self.rows = archive, rows
        self._arms: dict[tuple[tuple[JobId, ...], MetricName, str], Arm] = {}

    def arm(self, jobs: tuple[JobId, ...], asked: Asked, rows: SealedRows) -> Arm:
        key = (jobs, asked.metric, asked.slice)
        if key not in self._arms:
            scores = [_score(asked, rows, self._predictions(job)) for job in jobs]
            contribution = np.mean([s.contribution for s in scores], axis=0)
            self._arms[key] = Arm(tuple(s.value for s in scores), contribution)
        return self._arms[key]

    def _predictions(self, job: JobId) -> Floats:
        kept = self._archive.find(job)
        found = None if kept is None else self._archive.predictions(kept, self.rows)
        if found is None:
            raise JudgeRefused(
                f"job {job} has no accepted predictions of the {self.rows} rows", "compare only jobs that were measured"
            )
        return found


def _asked(question: Question, rows: SealedRows, guardrails: bool) -> Iterator[Asked]:
    yield Asked(question.primary)
    if not guardrails:
        return
    if question.primary is not MetricName.CALIBRATION:
        yield Asked(MetricName.CALIBRATION)
    done: set[tuple[str, str]] = {(question.primary, ""), (MetricName.CALIBRATION, "")}
    for guardrail in question.guardrails:
        key = (guardrail.metric, guardrail.slice)
        if guardrail.metric not in _NAMES or key in done:
            continue
        done.add(key)
        yield from _sliced(MetricName(guardrail.metric), guardrail.slice, rows)


def _sliced(metric: MetricName, column: str, rows: SealedRows) -> Iterator[Asked]:
    if not column:
        yield Asked(metric)
        return
    if column not in rows.columns:
        raise WorkloadError(f"a guardrail asks for slices of {column!r}", "add it to [data] slices in workload.toml")
    for index, name in large_slices(rows, column):
        if metric is not MetricName.GAUC or _defined(metric, rows, index):
            yield Asked(metric, name, index)


def _defined(metric: MetricName, rows: SealedRows, index: Ints) -> bool:
    group = None if rows.group is None else rows.group[index]
    return score(metric, np.zeros(len(index)), rows.label[index], group) is not None


def _pair(pair: ArmPair, asked: Asked, rows: SealedRows, runs: _Runs) -> Comparison:
    if not pair.jobs or not pair.baseline_jobs:
        raise JudgeRefused(
            f"{pair.experiment} or its baseline {pair.baseline} has no job to compare",
            "compare arms that were measured",
        )
    arm, baseline = (runs.arm(jobs, asked, rows) for jobs in (pair.jobs, pair.baseline_jobs))
    effect, contribution = contrast(asked.metric, baseline, arm)
    block = _take(rows.group, asked.index)
    return Comparison(
        experiment=pair.experiment,
        baseline=pair.baseline,
        metric=asked.metric,
        rows=runs.rows,
        slice=asked.slice,
        effect=effect,
        row_variance=variance_of_mean(contribution, block),
        seeds=tuple(_improvement(asked.metric, baseline.value, run) for run in arm.runs),
        baseline_seeds=tuple(_improvement(asked.metric, baseline.value, run) for run in baseline.runs),
        row_count=len(contribution),
        value=arm.value,
        baseline_value=baseline.value,
        value_variance=variance_of_mean(arm.contribution, block),
        jobs=pair.jobs,
        baseline_jobs=pair.baseline_jobs,
    )


def _score(asked: Asked, rows: SealedRows, prediction: Floats) -> Score:
    label, group = rows.label, rows.group
    if asked.index is not None:
        prediction, label, group = prediction[asked.index], label[asked.index], _take(group, asked.index)
    found = score(asked.metric, prediction, label, group)
    if found is None:
        needs = " (it needs [data] group, and groups with both labels)" if asked.metric is MetricName.GAUC else ""
        raise WorkloadError(
            f"{asked.metric} is not defined on these rows{needs}", "choose another metric in workload.toml"
        )
    return found


def _take(values: Ints | None, index: Ints | None) -> Ints | None:
    return values if values is None or index is None else values[index]
