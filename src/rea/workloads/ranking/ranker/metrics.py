"""What a training run claims about itself: log loss, normalized entropy, AUC, calibration (numpy, float64)."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EPSILON = 1e-12


def log_loss(label: Floats, prediction: Floats) -> float:
    """Mean negative log likelihood in nats; predictions are clipped to [1e-12, 1 - 1e-12]."""
    p = np.clip(prediction, EPSILON, 1.0 - EPSILON)
    return float(-np.mean(label * np.log(p) + (1.0 - label) * np.log1p(-p)))


def normalized_entropy(label: Floats, prediction: Floats) -> float:
    """Log loss over the entropy of the base rate (He et al. 2014): 1 for the best constant; nan with one class."""
    rate = float(np.mean(label))
    if not 0.0 < rate < 1.0:
        return float("nan")
    return log_loss(label, prediction) / float(-(rate * np.log(rate) + (1.0 - rate) * np.log(1.0 - rate)))


def auc(label: Floats, prediction: Floats) -> float:
    """Area under the ROC curve by mid-ranks, ties counted half; nan with one class."""
    positives = float(np.sum(label))
    negatives = len(label) - positives
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(prediction, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]
    return float((rank[label > 0].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


def calibration(label: Floats, prediction: Floats) -> float:
    """Mean prediction over mean label: 1 is calibrated, above 1 over-predicts."""
    return float(np.mean(prediction) / max(float(np.mean(label)), EPSILON))


def summary(label: Floats, prediction: Floats) -> dict[str, float]:
    """All of them, by name."""
    return {
        "ne": normalized_entropy(label, prediction),
        "log_loss": log_loss(label, prediction),
        "auc": auc(label, prediction),
        "calibration": calibration(label, prediction),
    }
