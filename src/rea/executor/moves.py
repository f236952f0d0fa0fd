"""A remedy's moves on a workload's levers, from the values that a job ran with. Pure."""

import math
from collections.abc import Mapping, Sequence

from rea.domain.change import BASELINE, Change
from rea.domain.hypothesis import Move, Operation
from rea.domain.job import Job
from rea.domain.lever import Lever, LeverType, Role, Scalar
from rea.domain.workload import Workload

OFF = ("0", "0.0", "", "none", "off", "no", "false")
_POWERS_OF_TWO = (Role.MICRO_BATCH, Role.BATCH_SIZE)


def apply(moves: Sequence[Move], job: Job, workload: Workload) -> Change:
    """Return the overrides that ``moves`` alter; the baseline where they alter nothing, or nothing that the levers admit."""
    now = values(job, workload)
    set_to = {
        lever.name: turned
        for move in moves
        for lever in workload.with_role(move.role)
        if (turned := _turn(move, lever, now, workload)) is not None and turned != now[lever.name]
    }
    return Change(overrides=tuple(set_to.items())) if set_to else BASELINE


def values(job: Job, workload: Workload) -> Mapping[str, Scalar]:
    """Return the value of every lever in ``job``: its default, over it the fidelity's, the change's and the adjustment's."""
    fidelity = next((f.overrides for f in workload.fidelities if f.name == job.fidelity), ())
    set_to = dict((*fidelity, *job.change.overrides, *job.adjustment.overrides))
    return {lever.name: set_to.get(lever.name, lever.default) for lever in workload.levers}


def touches(move: Move, job: Job, workload: Workload) -> bool:
    """Whether the hypothesis itself sets a lever that ``move`` would turn."""
    mine = {name for name, _ in job.change.overrides}
    return any(lever.name in mine for lever in workload.with_role(move.role))


def is_on(role: str, harmless: Sequence[str], job: Job, workload: Workload) -> bool:
    """Whether a lever with ``role`` is on in ``job``, to a value that is not ``harmless``. A role without a lever is not on."""
    now = values(job, workload)
    off = {_word(value) for value in (*OFF, *harmless)}
    return any(lever.role == role and _word(now[lever.name]) not in off for lever in workload.levers)


def _word(value: Scalar) -> str:
    return str(value).lower().replace("_", "").replace("-", "")


def _turn(move: Move, lever: Lever, now: Mapping[str, Scalar], workload: Workload) -> Scalar | None:
    """Return the value that ``move`` gives ``lever``, pulled into its range; None where it cannot be made."""
    value = move.operand if move.operation is Operation.SET else _reckon(move, lever, now, workload)
    if value is None or lever.type in (LeverType.BOOL, LeverType.CHOICE):
        return value if value is not None and lever.admits(value) else None
    if isinstance(value, str | bool) or not math.isfinite(value):
        return None
    clipped = _shape(lever, min(max(value, _or(lever.low, -math.inf)), _or(lever.high, math.inf)))
    return clipped if lever.admits(clipped) else None


def _reckon(move: Move, lever: Lever, now: Mapping[str, Scalar], workload: Workload) -> Scalar | None:
    """Multiply or add, towards where the operand points only: a range that pulls the value back past its start means no move."""
    start, operand = _start(lever, now, workload), move.operand
    if isinstance(start, str | bool) or isinstance(operand, str | bool):
        return None
    if move.operation is Operation.ADD:
        return start + operand
    reached = max(start * operand, _or(lever.low, -math.inf))
    if lever.role in _POWERS_OF_TWO:
        reached = max(_power_of_two_below(reached), _or(lever.low, 1))
    return reached if (reached < start) == (operand < 1) and reached != start else None


def _start(lever: Lever, now: Mapping[str, Scalar], workload: Workload) -> Scalar:
    """Return the value to reckon from; a micro-batch of 0 is the whole batch."""
    value = now[lever.name]
    if lever.role is not Role.MICRO_BATCH or value != 0:
        return value
    return next((now[batch.name] for batch in workload.with_role(Role.BATCH_SIZE)), value)


def _power_of_two_below(value: float) -> int:
    return 1 << (max(1, int(value)).bit_length() - 1)


def _shape(lever: Lever, value: float) -> int | float:
    return int(value) if lever.type is LeverType.INT else float(f"{value:.6g}")


def _or(bound: float | None, otherwise: float) -> float:
    return otherwise if bound is None else bound
