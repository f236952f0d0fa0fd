"""Re-calibration on labelled validation rows: logit <- slope * logit + shift (Platt 1999, temperature 1706.04599)."""

import numpy as np

from ranker.predict import sigmoid

Line = tuple[float, float]  # slope, shift
IDENTITY: Line = (1.0, 0.0)


def fit(kind: str, logit: np.ndarray, label: np.ndarray) -> Line:
    """The line of least log loss by Newton's method: ``bias`` frees the shift, ``temperature`` the slope, ``platt`` both."""
    if kind == "none" or len(label) < 2 or not 0.0 < label.mean() < 1.0:
        return IDENTITY
    free = {"bias": [1], "temperature": [0], "platt": [0, 1]}[kind]
    line = np.array(IDENTITY)
    inputs = np.stack([logit, np.ones_like(logit)], axis=1)
    for _ in range(30):
        p = sigmoid(inputs @ line)
        gradient = inputs[:, free].T @ (p - label)
        curvature = (inputs[:, free] * (p * (1.0 - p))[:, None]).T @ inputs[:, free]
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(free)), gradient)
        line[free] -= step
        if np.abs(step).max() < 1e-10:
            break
    return (float(line[0]), float(line[1])) if np.isfinite(line).all() else IDENTITY


def apply(line: Line, logit: np.ndarray) -> np.ndarray:
    """slope * logit + shift."""
    return line[0] * logit + line[1]
