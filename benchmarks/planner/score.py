"""From test NE under fresh seeds to reach, ratios of mean reach, and intervals bootstrapped over models, data sets and searches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

import numpy as np

from benchmarks.planner.cells import Cell, Configuration
from benchmarks.planner.records import Records

FRESH = tuple(range(1000, 1008))  # seeds that no search has used
DRAWS = 4000
LEAST_CELLS = {"full": 8, "shared": 4}  # of 12 and of 6, below which nothing is divided


@dataclass(frozen=True, slots=True)
class Gain:
    """Relative improvement of test NE over the default, and its standard error over fresh seeds."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Result:
    """What one search came to at some share of the budget."""

    cell: Cell
    contender: str
    search: int
    share: float
    gain: Gain


def gain(records: Records, cell: Cell, configuration: Configuration) -> Gain:
    """Retrain the default and the configuration under the same fresh seeds and compare them on the sealed test rows."""
    if not configuration:
        return Gain(0.0, 0.0)
    base = [records.train(cell, {}, seed).test for seed in FRESH]
    runs = [records.train(cell, configuration, seed) for seed in FRESH]
    own = [1.0 if run.failed else min(1.0, run.test) for run in runs]  # 1 is what a constant scores
    level = fmean(base)
    return Gain((level - fmean(own)) / level, sqrt((stdev(base) ** 2 + stdev(own) ** 2) / len(FRESH)) / level)


def complete(results: Sequence[Result]) -> list[Result]:
    """Return the results of searches that every contender has done in a cell: who did not search is not compared."""
    who = {r.contender for r in results}
    done: dict[tuple[Cell, int], set[str]] = {}
    for r in results:
        done.setdefault((r.cell, r.search), set()).add(r.contender)
    return [r for r in results if done[r.cell, r.search] == who]


def headroom(results: Sequence[Result]) -> Mapping[Cell, Gain]:
    """Return the best that any contender reaches on average in each cell, at the end."""
    found: dict[Cell, Gain] = {}
    for cell in dict.fromkeys(r.cell for r in results):
        for contender in dict.fromkeys(r.contender for r in results):
            mine = [r.gain for r in results if (r.cell, r.contender, r.share) == (cell, contender, 1.0)]
            if mine:
                mean = Gain(fmean(g.value for g in mine), sqrt(sum(g.error**2 for g in mine)) / len(mine))
                found[cell] = max(found.get(cell, mean), mean, key=lambda g: g.value)
    return found


def divisible(room: Mapping[Cell, Gain]) -> tuple[Cell, ...]:
    """Return the cells where somebody gains more than two standard errors."""
    return tuple(cell for cell, best in room.items() if best.value > 2 * best.error and best.value > 0)


def reach(
    results: Sequence[Result], cells: Sequence[Cell], room: Mapping[Cell, Gain], contender: str, share: float
) -> float:
    """Return the mean over cells of the mean over searches of the share of the headroom that was reached."""
    return fmean(_of(results, cell, room, contender, share) for cell in cells)


def ratio(
    results: Sequence[Result], mine: tuple[str, float], other: tuple[str, float], least: int = LEAST_CELLS["full"]
) -> tuple[float, float, float] | None:
    """Return the ratio of mean reach with a 90 % interval, or None with fewer than ``least`` cells to divide by.

    Resampled are models, then data sets within a model, then searches within a cell, the same for both sides.
    """
    room = headroom(results)
    cells = divisible(room)
    if len(cells) < least:
        return None
    table = {(c, cell): _values(results, cell, room, *c) for c in (mine, other) for cell in cells}
    point = _ratio([[table[mine, x] for x in cells], [table[other, x] for x in cells]])
    rng = np.random.default_rng(1)
    models = sorted({cell.model for cell in cells})
    drawn = []
    for _ in range(DRAWS):
        picked = [
            cell for m in rng.choice(models, len(models)) for cell in _some(rng, [x for x in cells if x.model == m])
        ]
        drawn.append(_ratio([[_again(rng, table[who, x]) for x in picked] for who in (mine, other)]))
    low, high = np.nanquantile(drawn, (0.05, 0.95))
    return point, float(low), float(high)


def _again(rng: np.random.Generator, values: Sequence[float]) -> list[float]:
    return [values[i] for i in rng.integers(len(values), size=len(values))]


def _some(rng: np.random.Generator, cells: Sequence[Cell]) -> list[Cell]:
    return [cells[i] for i in rng.integers(len(cells), size=len(cells))]


def _ratio(sides: Sequence[Sequence[Sequence[float]]]) -> float:
    over, under = (fmean(fmean(values) for values in side) for side in sides)
    return over / under if under > 0 else float("nan")


def _values(
    results: Sequence[Result], cell: Cell, room: Mapping[Cell, Gain], contender: str, share: float
) -> list[float]:
    mine = [r.gain.value for r in results if (r.cell, r.contender, r.share) == (cell, contender, share)]
    return [value / room[cell].value for value in mine]


def _of(results: Sequence[Result], cell: Cell, room: Mapping[Cell, Gain], contender: str, share: float) -> float:
    values = _values(results, cell, room, contender, share)
    return fmean(values) if values else 0.0
