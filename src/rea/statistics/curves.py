"""Where a learning curve is going, told from the curves of runs that have ended. Pure.

A run that has come as far as this one went on to change by what the finished ones changed by from there. How much those differ among
themselves is the error of the forecast: it is measured, and no shape of curves is assumed (as a power law would be).
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from rea.statistics.effects import Estimate

FURTHER = 2.0  # times as far from here as any finished run went: what is still held for possible

Points = Sequence[tuple[float, float]]
"""How far and how good, in the order of the former."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The value at the end, its standard error, how many finished curves say so, and the lowest and highest held for possible."""

    value: float
    error: float
    rests_on: int
    lowest: float
    highest: float

    def reach(self, level: float) -> tuple[float, float]:
        """Return the interval of ``level``, and never less than twice what single curves did, and an error more: a few have long tails."""
        low, high = Estimate(self.value, self.error, self.rests_on - 1).interval(level)
        return min(low, self.lowest - self.error), max(high, self.highest + self.error)


def forecast(points: Points, finished: Sequence[Points], floor: float = 0.0) -> Forecast | None:
    """Return where ``points`` will end; None with fewer than two curves that came further. ``floor`` is the least that curves differ by."""
    step, value = points[-1]
    further = [curve for curve in finished if len(curve) > 1 and curve[0][0] <= step < curve[-1][0]]
    if len(further) < 2:
        return None
    rests = [curve[-1][1] - at(curve, step) for curve in further]
    error = max(stdev(rests), floor) * sqrt(1 + 1 / len(rests))
    lowest, highest = min(0.0, FURTHER * min(rests)), max(0.0, FURTHER * max(rests))
    return Forecast(value + fmean(rests), error, len(rests), value + lowest, value + highest)


def at(curve: Points, step: float) -> float:
    """Return the value at ``step``, which lies within the curve, straight between its neighbours."""
    place = bisect_left(curve, step, key=lambda point: point[0])
    after = curve[place]
    if after[0] == step or place == 0:
        return after[1]
    before = curve[place - 1]
    return before[1] + (after[1] - before[1]) * (step - before[0]) / (after[0] - before[0])
