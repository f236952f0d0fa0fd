"""Hypotheses: what is believed to help, why, by how much, and what would show it wrong. Fixed before anything runs."""

from dataclasses import dataclass
from enum import StrEnum

from rea.domain.change import Change
from rea.domain.ids import HypothesisId, digest
from rea.domain.lever import Role, Scalar


class Operation(StrEnum):
    """How a move turns a lever: ``set`` to the operand, ``multiply`` or ``add`` to its current value."""

    SET = "set"
    MULTIPLY = "multiply"
    ADD = "add"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A turn of whichever lever plays a role: "learning_rate x 3" means the same in any codebase."""

    role: Role
    operation: Operation
    operand: Scalar

    def __str__(self) -> str:
        sign = {Operation.SET: "=", Operation.MULTIPLY: "x", Operation.ADD: "+"}[self.operation]
        return f"{self.role} {sign} {self.operand}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A relative improvement of the primary metric with an interval; positive = better."""

    value: float
    low: float
    high: float


class Aim(StrEnum):
    """What a hypothesis claims: a better model, or an equal one for less."""

    QUALITY = "quality"
    EFFICIENCY = "efficiency"


class SourceName(StrEnum):
    """Where a hypothesis comes from."""

    HISTORY = "history"
    RESEARCH = "research"
    ENGINEER = "engineer"
    MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One falsifiable claim about one change.

    ``predicted`` is the 80 % interval of the effect, fixed before the run and scored after it. ``cost`` is the training cost relative to the
    baseline's. ``evidence`` names what the claim rests on: a technique's name, or digests of insights.
    """

    id: HypothesisId
    statement: str
    rationale: str
    change: Change
    moves: tuple[Move, ...]
    source: SourceName
    predicted: Effect
    falsifier: str
    aim: Aim = Aim.QUALITY
    cost: float = 1.0
    technique: str = ""
    citation: str = ""
    evidence: tuple[str, ...] = ()


def hypothesis_id(change: Change) -> HypothesisId:
    """Return the id of the hypothesis about ``change``: one change, one hypothesis, whoever has the idea."""
    return HypothesisId("h" + digest("hypothesis", change)[:8])
