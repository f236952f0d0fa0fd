"""Which moves are alike: equal, or the same roles turned the same way."""

from collections.abc import Callable, Sequence
from math import isclose

from rea.domain.hypothesis import Move, Operation
from rea.domain.lever import Role, Scalar


def equal(first: Sequence[Move], second: Sequence[Move]) -> bool:
    """Whether both are the same moves, in any order; numbers within 10 %."""
    return _matched(first, second, _equal)


def similar(first: Sequence[Move], second: Sequence[Move]) -> bool:
    """Whether both turn the same roles the same way. A lever without a role is like no other."""
    return _matched(first, second, _similar)


def direction(move: Move) -> str:
    """Return which way a move turns its lever: up, down, off, to some number, or to a choice by name."""
    if isinstance(move.operand, str | bool) or move.operation is Operation.SET:
        return _setting(move.operand)
    still = 1 if move.operation is Operation.MULTIPLY else 0
    return "up" if move.operand > still else "down" if move.operand < still else "still"


def roles_of(moves: Sequence[Move]) -> str:
    """Return the roles that moves turn: moves with other roles are neither equal nor similar."""
    return ",".join(sorted(move.role for move in moves))


def _setting(operand: Scalar) -> str:
    if isinstance(operand, str):
        return f"={operand}"
    return "on" if operand else "off"


def _equal(first: Move, second: Move) -> bool:
    one, other = first.operand, second.operand
    if (first.role, first.operation) != (second.role, second.operation):
        return False
    if isinstance(one, str | bool) or isinstance(other, str | bool):
        return type(one) is type(other) and one == other
    return isclose(one, other, rel_tol=0.1)


def _similar(first: Move, second: Move) -> bool:
    return first.role is second.role and first.role is not Role.OTHER and direction(first) == direction(second)


def _matched(first: Sequence[Move], second: Sequence[Move], like: Callable[[Move, Move], bool]) -> bool:
    left = list(second)
    for move in first:
        match = next((other for other in left if like(move, other)), None)
        if match is None:
            return False
        left.remove(match)
    return not left
