"""Techniques: what the field knows to help, as moves on levers by role, so that it binds to a codebase nobody has seen.

Moves and preconditions are written as short sentences: ``learning_rate x 3``, ``schedule = cosine``, ``interaction_depth + 1``, and
``learning_rate < 0.003``, ``normalisation is off``, ``architecture? = autoint | dcnv2`` (``?``: only asked where such a lever exists).
"""

import difflib
import math
import re
from dataclasses import dataclass
from enum import StrEnum

from rea.domain.errors import UsageError
from rea.domain.hypothesis import Aim, Effect, Move, Operation
from rea.domain.lever import Role, Scalar


class Family(StrEnum):
    """Kinds of roles, for variety among proposals."""

    OPTIMISATION = "optimisation"
    EMBEDDINGS = "embeddings"
    ARCHITECTURE = "architecture"
    FEATURES = "features"
    DATA_AND_LOSS = "data_and_loss"
    OTHER = "other"


_STARTS = {
    Role.LEARNING_RATE: Family.OPTIMISATION,
    Role.EMBEDDING_DIM: Family.EMBEDDINGS,
    Role.ARCHITECTURE: Family.ARCHITECTURE,
    Role.FIELD_DROP: Family.FEATURES,
    Role.NEGATIVE_SAMPLING: Family.DATA_AND_LOSS,
    Role.OTHER: Family.OTHER,
}


def _families() -> dict[Role, Family]:
    found, family = dict[Role, Family](), Family.OTHER
    for role in Role:
        family = _STARTS.get(role, family)
        found[role] = family
    return found


_FAMILIES = _families()


def family_of(role: Role) -> Family:
    """Return the family of a role; roles are listed family by family."""
    return _FAMILIES[role]


class Relation(StrEnum):
    """What a precondition asks of a lever's current value."""

    BELOW = "<"
    ABOVE = ">"
    ONE_OF = "="
    ON = "is on"
    OFF = "is off"
    THERE = "is there"


class Column(StrEnum):
    """What the data may have to declare."""

    DAY = "day"
    GROUP = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Precondition:
    """A question about the current value of a role. ``optional``: it holds where no lever plays the role."""

    role: Role
    relation: Relation
    operands: tuple[Scalar, ...] = ()
    optional: bool = False

    def __str__(self) -> str:
        asked = " | ".join(str(operand) for operand in self.operands)
        return f"{self.role}{'?' if self.optional else ''} {self.relation} {asked}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Technique:
    """One published or widely used way to a better, or an equally good and cheaper, ranking model.

    All ``moves`` are made together. ``every`` names a role of which each other choice is tried on its own instead. ``effect`` is the honest 80 %
    interval of the relative improvement before anything is known of the workload, ``cost`` the training cost relative to the baseline's.
    """

    name: str
    statement: str
    rationale: str
    citation: str
    effect: Effect
    falsifier: str
    moves: tuple[Move, ...] = ()
    every: Role | None = None
    applies: tuple[Precondition, ...] = ()
    needs: tuple[Column, ...] = ()
    cost: float = 1.0
    aim: Aim = Aim.QUALITY
    url: str = ""
    caution: str = ""

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that it turns."""
        return (self.every,) if self.every is not None else tuple(move.role for move in self.moves)

    @property
    def family(self) -> Family:
        return family_of(self.roles[0])


_MOVE = re.compile(r"^(?P<role>\w+)\s*(?P<sign>[=x×+])\s*(?P<operand>.*)$")
_PRECONDITION = re.compile(
    r"^(?P<role>\w+)(?P<optional>\??)\s*(?P<relation><|>|=|is on|is off|is there)\s*(?P<operands>.*)$"
)
_SIGNS = {"=": Operation.SET, "x": Operation.MULTIPLY, "×": Operation.MULTIPLY, "+": Operation.ADD}
_BARE = (Relation.ON, Relation.OFF, Relation.THERE)


def parse_role(text: str) -> Role:
    """Raises UsageError naming the nearest role."""
    if text not in list(Role):
        nearest = difflib.get_close_matches(text, list(Role), n=1, cutoff=0.0)[0]
        raise UsageError(f"{text!r} is no role", f"the nearest is {nearest!r}")
    return Role(text)


def parse_move(text: str) -> Move:
    """Read a move as ``str(move)`` writes it. Raises UsageError."""
    found = _MOVE.match(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no move", "write 'learning_rate x 3', 'schedule = cosine' or 'tower_depth + 1'")
    operation, operand = _SIGNS[found["sign"]], _scalar(found["operand"])
    if operation is not Operation.SET and (isinstance(operand, bool) or not isinstance(operand, int | float)):
        raise UsageError(f"{text!r} needs a number after {found['sign']!r}", "write 'learning_rate x 3'")
    return Move(role=parse_role(found["role"]), operation=operation, operand=operand)


def parse_precondition(text: str) -> Precondition:
    """Read a precondition as ``str(precondition)`` writes it. Raises UsageError."""
    found = _PRECONDITION.match(text.strip())
    if found is None:
        raise UsageError(
            f"{text!r} is no precondition",
            "write 'learning_rate < 0.003', 'dropout is off' or 'optimizer = adam | adamw'",
        )
    relation = Relation(found["relation"])
    asked = () if relation in _BARE else tuple(_scalar(part) for part in found["operands"].split("|"))
    _refuse_misfit(text, relation, asked, found["operands"])
    return Precondition(
        role=parse_role(found["role"]), relation=relation, operands=asked, optional=bool(found["optional"])
    )


def _refuse_misfit(text: str, relation: Relation, asked: tuple[Scalar, ...], rest: str) -> None:
    if relation in _BARE and rest:
        raise UsageError(f"{text!r} has words after {relation.value!r}", f"leave out {rest!r}")
    numeric = len(asked) == 1 and isinstance(asked[0], int | float) and not isinstance(asked[0], bool)
    if relation in (Relation.BELOW, Relation.ABOVE) and not numeric:
        raise UsageError(f"{text!r} needs one number after {relation.value!r}", "write 'learning_rate < 0.003'")


def _scalar(text: str) -> Scalar:
    word = text.strip()
    if word.lower() in ("true", "false"):
        return word.lower() == "true"
    try:
        number = float(word)
    except ValueError:
        return word.strip("'\"")
    if not math.isfinite(number):
        raise UsageError(f"{text!r} is not a finite number", "write a finite number")
    return int(number) if re.fullmatch(r"[+-]?\d+", word) else number
