"""What earlier experiments say of a move: pooled, discounted by how far away they were, and shrunk towards no effect.

An insight speaks of a move when it is about equal moves, or about similar ones (same roles, turned the same way). The error of its effect is
widened by ``TRANSFER_SD`` for another place and ``LIKENESS_SD`` for another size of the move. What failed without a measurement counts as
no effect, seen as badly as a move is known beforehand. All standard deviations are on the scale of relative improvement.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from math import isclose, sqrt
from statistics import NormalDist

from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Effect, Move, Operation
from rea.domain.insight import Insight, Prior, Setting
from rea.domain.lever import Role, Scalar
from rea.statistics.pooling import random_effects

PRIOR_SD = 0.01
"""How large effects of single moves are, before anything is known of them: most published ones are below one per cent."""

MEASURED_LEVEL = 0.95
PREDICTED_LEVEL = 0.80
SMALLEST_SD = 1e-4


class Distance(StrEnum):
    """How far from here something was learnt."""

    SAME = "same"
    SAME_MODEL = "same_model"
    OTHER = "other"


TRANSFER_SD = {Distance.SAME: 0.0, Distance.SAME_MODEL: 0.003, Distance.OTHER: 0.008}
LIKENESS_SD = 0.005


def prior_from(insights: Sequence[Insight], moves: Sequence[Move], setting: Setting) -> Prior | None:
    """Return what ``insights`` say of ``moves`` in ``setting``, with an 80 % interval; None when they say nothing."""
    speaking = [i for i in insights if equal(i.moves, moves) or similar(i.moves, moves)]
    if not speaking:
        return None
    seen = [_seen(insight, moves, setting) for insight in speaking]
    return Prior(
        effect=_shrunk([value for value, _ in seen], [sd for _, sd in seen]),
        support=sum(insight.verdict is Verdict.SUPPORTED for insight in speaking),
        against=sum(i.verdict in (Verdict.REFUTED, Verdict.DROPPED) and not i.untested for i in speaking),
        evidence=tuple(insight.id for insight in speaking),
    )


def distance(learnt: Setting, here: Setting) -> Distance:
    """Return how far ``learnt`` is from ``here``."""
    if learnt == here:
        return Distance.SAME
    return Distance.SAME_MODEL if learnt.model == here.model else Distance.OTHER


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


def _seen(insight: Insight, moves: Sequence[Move], setting: Setting) -> tuple[float, float]:
    """Return the effect that an insight stands for here, and its standard deviation."""
    away = TRANSFER_SD[distance(insight.setting, setting)] ** 2
    unlike = 0.0 if equal(insight.moves, moves) else LIKENESS_SD**2
    if insight.measured is None:
        return 0.0, sqrt(PRIOR_SD**2 + away + unlike)
    sd = (insight.measured.high - insight.measured.low) / 2 / _z(MEASURED_LEVEL)
    return insight.measured.value, sqrt(max(sd, SMALLEST_SD) ** 2 + away + unlike)


def _shrunk(effects: Sequence[float], sds: Sequence[float]) -> Effect:
    pooled = random_effects(effects, sds)
    spread = pooled.mean.se**2 + pooled.tau**2
    kept = PRIOR_SD**2 / (PRIOR_SD**2 + spread)
    value, half = kept * pooled.mean.effect, _z(PREDICTED_LEVEL) * sqrt(kept * spread)
    return Effect(value=value, low=value - half, high=value + half)


def _z(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)
