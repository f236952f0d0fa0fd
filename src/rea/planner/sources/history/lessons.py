"""What insights teach about moves: one lesson for each set of moves that was tried."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Aim, Effect, Move, Operation
from rea.domain.insight import Insight, Prior, Setting
from rea.domain.lever import Role
from rea.planner.worth import MARGIN, expected_improvement
from rea.ports import Insights

EXPONENT = 1.5  # a factor of 3 that helped is followed by one of 3 ** 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """Moves, what is to be expected of them here, and how the experiments with just these moves ended."""

    moves: tuple[Move, ...]
    prior: Prior
    aim: Aim
    supported: int
    refuted: int
    techniques: tuple[str, ...]

    @property
    def hopeful(self) -> bool:
        """Whether it is worth trying again: more for it than against it, and a gain (or no loss, for less cost) expected."""
        least = -MARGIN if self.aim is Aim.EFFICIENCY and self.supported else 0.0
        return self.refuted <= self.supported and self.prior.against <= self.prior.support and self._level > least

    @property
    def _level(self) -> float:
        return self.prior.effect.value


def lessons(insights: Insights, setting: Setting, claims: Mapping[str, Effect] | None = None) -> list[Lesson]:
    """Return one lesson for each set of moves, the most promising first; levers without a role teach nothing elsewhere.

    ``claims`` are what techniques, by name, were expected to do before any experiment; nothing else was expected of anything.
    """
    tried: dict[tuple[Move, ...], list[Insight]] = {}
    for insight in insights.all():
        if insight.moves and all(move.role is not Role.OTHER for move in insight.moves):
            tried.setdefault(tuple(sorted(insight.moves, key=str)), []).append(insight)
    expected = {moves: (claims or {}).get(told[-1].technique) for moves, told in tried.items()}
    found = (_lesson(moves, told, insights.prior(moves, setting, expected[moves])) for moves, told in tried.items())
    return sorted((lesson for lesson in found if lesson is not None), key=_order)


def further(lesson: Lesson) -> Iterator[tuple[Move, ...]]:
    """Yield the neighbours of a single numeric move, a bit further the way that helped."""
    if len(lesson.moves) != 1:
        return
    move = lesson.moves[0]
    operand = move.operand
    if isinstance(operand, str | bool) or operand == 0:
        return
    if move.operation is Operation.MULTIPLY and operand > 0:
        yield (Move(role=move.role, operation=move.operation, operand=float(f"{operand**EXPONENT:.3g}")),)
    else:
        yield (Move(role=move.role, operation=move.operation, operand=_beyond(move)),)


def _lesson(moves: tuple[Move, ...], told: Sequence[Insight], prior: Prior | None) -> Lesson | None:
    if prior is None:
        return None
    return Lesson(
        moves=moves,
        prior=prior,
        aim=told[-1].aim,
        supported=sum(insight.verdict is Verdict.SUPPORTED for insight in told),
        refuted=sum(insight.verdict is Verdict.REFUTED for insight in told),
        techniques=tuple(name for name in told[-1].technique.split(" + ") if name),
    )


def _order(lesson: Lesson) -> tuple[bool, float, str]:
    return (lesson.supported == 0, -expected_improvement(lesson.prior.effect), str([str(m) for m in lesson.moves]))


def _beyond(move: Move) -> int | float:
    operand = move.operand
    if isinstance(operand, str | bool):
        raise TypeError(f"{move} is no numeric move")
    if move.operation is Operation.ADD:
        return operand + (1 if operand > 0 else -1) if isinstance(operand, int) else operand * EXPONENT
    if move.role is Role.WEIGHT_AVERAGING:
        return float(f"{1 - (1 - operand) / EXPONENT**2:.4g}")
    return (
        max(operand + 1, round(operand * EXPONENT)) if isinstance(operand, int) else float(f"{operand * EXPONENT:.3g}")
    )
