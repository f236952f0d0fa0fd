"""The ranker's own declaration of its levers, as it stands in workload.toml, for one cell."""

from dataclasses import replace
from functools import cache

from benchmarks.planner.cells import TIMED, Cell, Choice, Value
from benchmarks.planner.data import RANKER
from rea.domain.lever import Lever
from rea.domain.workload import Fidelity, Workload
from rea.executor.workload.parse import load

RUN_S = 60.0  # virtual seconds of a default training, so that limits and graces are in proportion
LIMIT_RUNS = 10  # default trainings that one job may take


@cache
def declared() -> Workload:
    return load(RANKER)


def default_of(cell: Cell, name: str) -> Value:
    """Return where a lever stands before anyone turns it."""
    if name in cell.default:
        return cell.default[name]
    lever = declared().lever(name)
    assert lever is not None, f"{name} is no lever of the ranker"
    return lever.default


def workload(cell: Cell, level: str) -> Workload:
    """Return what the agent is told: the ranker's workload with this cell's defaults, and the levers of this level only.

    Guardrails are left out, and the time limit is ten default trainings, since the other contenders know of neither; a third of the steps is
    the cheap fidelity, as in the ranker's own; a day is named where the data have one.
    """
    spans = cell.spans(level)
    told = declared()
    levers = tuple(_lever(lever, cell, spans[lever.name]) for lever in told.levers if lever.name in spans)
    third, full = (next(f for f in told.fidelities if f.name == name) for name in ("third", "full"))
    rungs: tuple[Fidelity, ...] = (replace(third, share=0.4), full)
    resources = replace(told.resources, time_limit_s=round(LIMIT_RUNS * RUN_S))
    data = told.data if cell.data in TIMED else replace(told.data, day="")
    return replace(told, levers=levers, fidelities=rungs, guardrails=(), resources=resources, data=data)


def _lever(lever: Lever, cell: Cell, span: object) -> Lever:
    default = default_of(cell, lever.name)
    if lever.name in ("crosses", "field_drop") and isinstance(span, Choice):
        return replace(lever, default=default, choices=("", *map(str, span.values)))
    return replace(lever, default=default)
