"""The ranker's own declaration of its levers, as it stands in workload.toml, for one cell."""

from dataclasses import replace
from functools import cache

from benchmarks.planner.cells import Cell, Choice, Value
from benchmarks.planner.data import RANKER
from rea.domain.lever import Lever
from rea.domain.workload import Fidelity, Workload
from rea.executor.workload.parse import load


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

    Guardrails are left out, since the other contenders know none; a third of the steps is the cheap fidelity, as in the ranker's own.
    """
    spans = cell.spans(level)
    told = declared()
    levers = tuple(_lever(lever, cell, spans[lever.name]) for lever in told.levers if lever.name in spans)
    third, full = (next(f for f in told.fidelities if f.name == name) for name in ("third", "full"))
    rungs: tuple[Fidelity, ...] = (replace(third, share=0.4), full)
    return replace(told, levers=levers, fidelities=rungs, guardrails=())


def _lever(lever: Lever, cell: Cell, span: object) -> Lever:
    default = default_of(cell, lever.name)
    if lever.name in ("crosses", "field_drop") and isinstance(span, Choice):
        return replace(lever, default=default, choices=("", *map(str, span.values)))
    return replace(lever, default=default)
