"""Reads what a training writes down of its own progress: claims, of which little is believed and nothing trusted."""

import json
import math
import os
from pathlib import Path

from rea.domain.workload import Curve

MOST_BYTES = 262_144
MOST_POINTS = 32
Points = tuple[tuple[float, float], ...]


def read_curve(out: Path, curve: Curve) -> Points:
    """Return how far and how good, at most ``MOST_POINTS`` of them, the last among them; nothing where there is no such file."""
    path = out / curve.path
    try:
        if path.is_symlink() or not path.resolve().is_relative_to(out.resolve()):
            return ()
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            text = file.read(MOST_BYTES).decode(errors="replace")
    except OSError:
        return ()
    return thinned(_growing([p for line in text.splitlines() if (p := _point(line, curve)) is not None]))


def thinned(points: Points) -> Points:
    """Return at most ``MOST_POINTS`` of the points, evenly, the first and the last among them."""
    if len(points) <= MOST_POINTS:
        return points
    gap = (len(points) - 1) / (MOST_POINTS - 1)
    return tuple(points[round(i * gap)] for i in range(MOST_POINTS))


def _growing(points: list[tuple[float, float]]) -> Points:
    kept: list[tuple[float, float]] = []
    for point in points:
        if not kept or point[0] > kept[-1][0]:
            kept.append(point)
    return tuple(kept)


def _point(line: str, curve: Curve) -> tuple[float, float] | None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    step, value = said.get(curve.step), said.get(curve.value)
    numbers = [x for x in (step, value) if isinstance(x, int | float) and not isinstance(x, bool)]
    if len(numbers) < 2 or not all(abs(x) < 1e15 and math.isfinite(x) for x in numbers):
        return None
    return float(numbers[0]), float(numbers[1])
