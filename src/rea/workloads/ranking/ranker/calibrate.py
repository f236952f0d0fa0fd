"""Re-calibration on labelled validation rows, as a map of logits.

Lines: logit <- slope * logit + shift (Platt 1999, temperature 1706.04599). Isotonic: the rising map of least squared error (Zadrozny and
Elkan, KDD 2002), found by pooling adjacent violators, with straight lines between the pools so that the order of all rows stays.
"""

from dataclasses import dataclass

import numpy as np

from ranker.predict import sigmoid

Line = tuple[float, float]  # slope, shift
IDENTITY: Line = (1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Rising:
    """A logit at each of some rising logits; straight between them, and of slope 1 beyond."""

    at: tuple[float, ...]
    logit: tuple[float, ...]


Map = Line | Rising


def fit(kind: str, logit: np.ndarray, label: np.ndarray) -> Map:
    """The line of least log loss by Newton's method: ``bias`` frees the shift, ``temperature`` the slope, ``platt`` both; or ``isotonic``."""
    if kind == "none" or len(label) < 2 or not 0.0 < label.mean() < 1.0:
        return IDENTITY
    if kind == "isotonic":
        return _isotonic(logit, label)
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


def apply(given: Map, logit: np.ndarray) -> np.ndarray:
    """The logits under a map."""
    if not isinstance(given, Rising):
        return given[0] * logit + given[1]
    inside: np.ndarray = np.interp(logit, given.at, given.logit)
    return inside + np.minimum(logit - given.at[0], 0.0) + np.maximum(logit - given.at[-1], 0.0)


def stored(given: Map) -> list[float] | dict[str, list[float]]:
    """A map as JSON."""
    return {"at": list(given.at), "logit": list(given.logit)} if isinstance(given, Rising) else list(given)


def restored(found: list[float] | dict[str, list[float]]) -> Map:
    """What ``stored`` wrote."""
    if isinstance(found, dict):
        return Rising(tuple(found["at"]), tuple(found["logit"]))
    slope, shift = found
    return (slope, shift)


def pools(label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rising sequence nearest to ``label`` in squares, as means of runs: (mean, length) of each, adjacent violators pooled."""
    mean, length = np.empty(len(label)), np.empty(len(label), np.int64)
    last = -1
    for value in label:
        last += 1
        mean[last], length[last] = value, 1
        while last and mean[last - 1] >= mean[last]:
            both = length[last - 1] + length[last]
            mean[last - 1] += (mean[last] - mean[last - 1]) * length[last] / both
            length[last - 1] = both
            last -= 1
    return mean[: last + 1], length[: last + 1]


def _isotonic(logit: np.ndarray, label: np.ndarray) -> Map:
    order = np.argsort(logit, kind="stable")
    mean, length = pools(label[order])
    starts = np.cumsum(length) - length
    at = np.add.reduceat(logit[order], starts) / length
    least = 0.5 / len(label)  # a pool of one kind alone is no proof that the other never comes
    p = np.clip(mean, least, 1.0 - least)
    rises = np.append(True, np.diff(at) > 0)  # rows alike in their logit may fall into two pools
    return Rising(tuple(at[rises].tolist()), tuple(np.log(p / (1.0 - p))[rises].tolist()))
