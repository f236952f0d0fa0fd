"""Moves onto levers: what "learning_rate x 3" sets in this codebase. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rea.domain.change import Change, override
from rea.domain.hypothesis import Move, Operation
from rea.domain.lever import Lever, LeverType, Role, Scalar
from rea.domain.workload import Workload
from rea.planner.words import as_switch, find_choice

LEAST_SHARE = 1 / 3  # of the wished-for step: what a lever's range must leave of it


@dataclass(frozen=True, slots=True)
class Unbound:
    """Why moves cannot be made here. ``already``: because the lever is already so."""

    reason: str
    already: bool = False


def bind(moves: Sequence[Move], workload: Workload, current: Change) -> Change | Unbound:
    """Return ``current`` with all ``moves`` made, as one change from the baseline.

    A move turns every lever of its role that it can turn. Moves that are already so are passed over as long as another one changes something.
    A value beyond a lever's range is pulled to the bound if that leaves at least a third of the wished-for step.
    """
    bound = current
    for move in moves:
        step = _bind_move(move, workload, bound)
        if isinstance(step, Unbound) and not step.already:
            return step
        bound = bound if isinstance(step, Unbound) else override(bound, step)
    return bound if _differs(workload, current, bound) else Unbound("already so", already=True)


def turn(lever: Lever, operation: Operation, operand: Scalar, value: Scalar) -> Scalar | Unbound:
    """Return the value that ``lever`` has after the operation on ``value``; always another one, and always admitted."""
    reached = _reached(lever, operation, operand, value)
    if isinstance(reached, Unbound):
        return reached
    if reached == value:
        return Unbound(f"{lever.name} is already {value}", already=True)
    return reached if lever.admits(reached) else Unbound(f"{lever.name} does not admit {reached}")


def _reached(lever: Lever, operation: Operation, operand: Scalar, value: Scalar) -> Scalar | Unbound:
    match lever.type:
        case LeverType.BOOL:
            return _switch(lever, operation, operand)
        case LeverType.CHOICE:
            return _choose(lever, operation, operand, value)
        case _:
            return _reach(lever, operation, operand, value)


def _bind_move(move: Move, workload: Workload, current: Change) -> Change | Unbound:
    levers = workload.with_role(move.role) if move.role is not Role.OTHER else ()
    if not levers:
        return Unbound(f"no lever plays the role {move.role}")
    results = {
        lever.name: turn(lever, move.operation, move.operand, current.value(lever.name, lever.default))
        for lever in levers
    }
    made = tuple((name, result) for name, result in results.items() if not isinstance(result, Unbound))
    refusals = [result for result in results.values() if isinstance(result, Unbound)]
    if not made:
        return next((refusal for refusal in refusals if not refusal.already), refusals[0])
    return Change(overrides=made)


def _differs(workload: Workload, first: Change, second: Change) -> bool:
    return any(first.value(v.name, v.default) != second.value(v.name, v.default) for v in workload.levers)


def _switch(lever: Lever, operation: Operation, operand: Scalar) -> bool | Unbound:
    state = as_switch(lever.role, operand) if operation is Operation.SET else None
    return Unbound(f"{lever.name} is only on or off") if state is None else state


def _choose(lever: Lever, operation: Operation, operand: Scalar, value: Scalar) -> str | Unbound:
    grid = _grid(lever)
    if grid and _is_number(operand) and (here := _number_in(value)) is not None:
        return _nearest(grid, _wish(operation, float(operand), here), here, lever)
    if operation is not Operation.SET or _is_number(operand):
        return Unbound(f"{lever.name} takes words, not numbers")
    chosen = find_choice(lever.role, str(operand), lever.choices)
    return Unbound(f"{lever.name} has no choice like {operand!r}") if chosen is None else chosen


def _nearest(grid: dict[str, float], wish: float, here: float, lever: Lever) -> str | Unbound:
    chosen = min(grid, key=lambda choice: _distance(grid[choice], wish, min(grid[choice], wish) > 0))
    if grid[chosen] != here and not _far_enough(grid[chosen], here, wish):
        return Unbound(f"{lever.name} has no choice near {wish:g}")
    return chosen


def _reach(lever: Lever, operation: Operation, operand: Scalar, value: Scalar) -> int | float | Unbound:
    if not _is_number(operand) or not _is_number(value):
        return Unbound(f"{lever.name} takes numbers, not {operand!r}")
    if operation is Operation.MULTIPLY and value == 0:
        return Unbound(f"{lever.name} is 0, which no factor changes")
    here, wish = float(value), _wish(operation, float(operand), float(value))
    if not math.isfinite(wish):
        return Unbound(f"{lever.name} would not be finite")
    reached = _within(lever, wish)
    if reached == here:
        return Unbound(
            f"{lever.name} stays at {value}: it is so already, or ends there", already=operation is Operation.SET
        )
    if not _far_enough(float(reached), here, wish):
        return Unbound(f"{lever.name} cannot get near {wish:g} inside its range")
    return reached


def _wish(operation: Operation, operand: float, value: float) -> float:
    match operation:
        case Operation.SET:
            return operand
        case Operation.MULTIPLY:
            return value * operand
        case Operation.ADD:
            return value + operand


def _within(lever: Lever, wish: float) -> int | float:
    low = -math.inf if lever.low is None else lever.low
    high = math.inf if lever.high is None else lever.high
    if lever.type is LeverType.INT:
        return round(
            min(
                max(round(wish), math.ceil(low) if low > -math.inf else low),
                math.floor(high) if high < math.inf else high,
            )
        )
    return float(min(max(float(f"{wish:.12g}"), low), high))


def _far_enough(reached: float, here: float, wish: float) -> bool:
    same_way, logarithmic = (reached - here) * (wish - here) > 0, min(reached, here, wish) > 0
    least = LEAST_SHARE * _distance(wish, here, logarithmic) * (1 - 1e-9)
    return same_way and _distance(reached, here, logarithmic) >= least


def _distance(first: float, second: float, logarithmic: bool) -> float:
    return abs(math.log(first) - math.log(second)) if logarithmic else abs(first - second)


def _grid(lever: Lever) -> dict[str, float]:
    numbers = {choice: _number_in(choice) for choice in lever.choices}
    return (
        {choice: number for choice, number in numbers.items() if number is not None}
        if None not in numbers.values()
        else {}
    )


def _number_in(value: Scalar) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
