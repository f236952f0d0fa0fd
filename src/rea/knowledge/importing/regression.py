"""What a search at random says of levers: all runs at once, by least squares on each lever's own scale. Pure.

For searches where hardly two runs differ in one lever alone. Each lever gets one effect (a choice one for each other value), as if they added up,
which tuned levers seldom quite do; the residuals' spread is in the error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from statistics import fmean

from rea.domain.hypothesis import Effect, Move, Operation
from rea.domain.lever import Lever, LeverType, Scalar
from rea.domain.workload import MetricName, Workload
from rea.knowledge.importing.contrasts import LEVEL, Said, improvement
from rea.knowledge.importing.mapping import Mapped
from rea.statistics.effects import t_quantile

RUNS_A_COLUMN = 3  # fewer runs than so many for each effect say nothing
FACTOR = 3.0  # of a logarithmic lever
LEAST_USES = 3  # of a choice's value


@dataclass(frozen=True, slots=True)
class Column:
    """One effect to estimate: how far each run has made the move (1 = all the way)."""

    lever: Lever
    move: Move
    made: tuple[float, ...]


def regress(workload: Workload, runs: Sequence[Mapped], metric: str, ours: MetricName) -> list[Said]:
    """Return the effect of each lever that the runs vary; nothing where they are too few to tell."""
    import numpy as np

    columns = [c for name in _varied(runs) if (lever := workload.lever(name)) for c in columns_of(lever, runs)]
    if not columns or len(runs) < RUNS_A_COLUMN * (len(columns) + 1):
        return []
    level = fmean(m.run.metrics[metric] for m in runs)
    y = np.asarray([improvement(ours, m.run.metrics[metric], level) for m in runs])
    x = np.column_stack([np.ones(len(runs)), *(np.asarray(c.made) for c in columns)])
    if np.linalg.matrix_rank(x) < x.shape[1]:
        return []
    df = len(runs) - x.shape[1]
    found = np.linalg.lstsq(x, y, rcond=None)[0]
    error = float(np.sum((y - x @ found) ** 2)) / df
    spread = np.diag(np.linalg.inv(x.T @ x)) * error
    half = [t_quantile((1 + LEVEL) / 2, df) * sqrt(float(s)) for s in spread]
    return [
        Said(
            move=c.move,
            change=f"{c.move} ({c.lever.name}), other levers at random",
            effect=Effect(value=float(b), low=float(b) - h, high=float(b) + h),
            runs=tuple(runs),
            how=f"least squares over {len(runs)} runs and {len(columns)} effects, which are taken to add up",
        )
        for c, b, h in zip(columns, found[1:], half[1:], strict=True)
    ]


def columns_of(lever: Lever, runs: Sequence[Mapped]) -> list[Column]:
    """Return the effects to ask of a lever: a factor of three, the highest value tried, or each other choice."""
    values = [dict(m.values)[lever.name] for m in runs]
    if lever.type in (LeverType.BOOL, LeverType.CHOICE):
        others = [v for v in dict.fromkeys(values) if v != lever.default and values.count(v) >= LEAST_USES]
        return [Column(lever, _set(lever, v), tuple(float(w == v) for w in values)) for v in others]
    numbers = [float(v) for v in values]
    if min(numbers) > 0 and (lever.log or lever.type is LeverType.INT):
        made = tuple(log(v) / log(FACTOR) for v in numbers)
        return [Column(lever, Move(role=lever.role, operation=Operation.MULTIPLY, operand=FACTOR), made)]
    start, end = float(lever.default), max(numbers)
    made = tuple((v - start) / (end - start) for v in numbers) if end > start else ()
    return [Column(lever, _set(lever, float(f"{end:.3g}")), made)] if made else []


def _set(lever: Lever, value: Scalar) -> Move:
    return Move(role=lever.role, operation=Operation.SET, operand=value)


def _varied(runs: Sequence[Mapped]) -> list[str]:
    names = dict.fromkeys(n for m in runs for n, _ in m.values)
    return [n for n in names if len({dict(m.values)[n] for m in runs}) > 1]
