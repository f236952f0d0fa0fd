"""What every importer brings: runs as the other tool recorded them, and what it could not read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rea.domain.lever import Scalar


class Status(StrEnum):
    """How a run ended, in our words."""

    FINISHED = "finished"
    FAILED = "failed"
    UNFINISHED = "unfinished"  # it still runs, was stopped or pruned, or nobody knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One training elsewhere: parameters and metrics by their names there, ``at`` in ISO 8601 (empty: unknown), ``seconds`` of wall time."""

    id: str
    parameters: Mapping[str, Scalar]
    metrics: Mapping[str, float]
    status: Status = Status.FINISHED
    seed: int | None = None
    at: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The runs of one place, and remarks on what of it was not read."""

    runs: tuple[Run, ...]
    remarks: tuple[str, ...] = field(default=())


def flat(value: object, prefix: str = "") -> dict[str, Scalar]:
    """Return nested mappings as one, keys joined by dots; what is neither a mapping nor a scalar is left out."""
    if isinstance(value, Mapping):
        found: dict[str, Scalar] = {}
        for key, part in value.items():
            found.update(flat(part, f"{prefix}.{key}" if prefix else str(key)))
        return found
    return {prefix: value} if isinstance(value, bool | int | float | str) else {}


def seed_of(parameters: Mapping[str, Scalar]) -> int | None:
    """Return the parameter that is called ``seed``, if it is a whole number."""
    try:
        number = float(str(parameters.get("seed", "")))
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def unreadable(place: object, why: object) -> str:
    """Return the message for a file that is not what it should be."""
    return f"{place} cannot be read: {why}"
