"""Predictions that look too good to be true, or like another run's. Each finding is a reason in words; a person decides."""

import numpy as np

from rea.domain.workload import MetricName
from rea.judge.metrics import log_loss, score, variance_of_mean
from rea.judge.predictions import rounded_of
from rea.judge.rows import Floats, SealedRows

SAME = 0.9999999  # a correlation from which on two fresh trainings are not two
AUC_OF_LABELS = 0.9998  # no click model ranks like this; the labels do
NE_OF_LABELS = 0.01
BEYOND_ORACLE = 6.0  # standard errors


def too_good(prediction: Floats, rows: SealedRows) -> str | None:
    """Return why predictions of these rows cannot come from a model, or None."""
    auc, ne = (score(metric, prediction, rows.label) for metric in (MetricName.AUC, MetricName.NE))
    if auc is not None and auc.value > AUC_OF_LABELS:
        return f"the predictions tell the labels apart (AUC {auc.value:.5f}) as no model reaches: are the labels in reach of the job?"
    if ne is not None and ne.value < NE_OF_LABELS:
        return f"the predictions equal the labels (NE {ne.value:.5f}) as no model reaches: are the labels in reach of the job?"
    return None if rows.oracle is None else _beyond_oracle(prediction, rows.oracle, rows)


def same(first: Floats, second: Floats) -> bool:
    """Whether two runs' predictions of the same rows are equal, or one a linear or a monotone image of the other."""
    if np.array_equal(rounded_of(first), rounded_of(second)):
        return True
    return _correlation(first, second) > SAME or _correlation(_ranks(first), _ranks(second)) > SAME


def _beyond_oracle(prediction: Floats, oracle: Floats, rows: SealedRows) -> str | None:
    gain = log_loss(oracle, rows.label).contribution - log_loss(prediction, rows.label).contribution
    mean, error = float(gain.mean()), variance_of_mean(gain, rows.group) ** 0.5
    if mean > BEYOND_ORACLE * error > 0:
        return f"the predictions beat the best that is possible by {mean / error:.1f} standard errors: are the labels in reach of the job?"
    return None


def _correlation(first: Floats, second: Floats) -> float:
    x, y = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / scale if scale else 0.0


def _ranks(values: Floats) -> Floats:
    """Mid-ranks: ties share one."""
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[inverse])
