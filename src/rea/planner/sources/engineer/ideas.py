"""Reads ``ideas.toml``: what an engineer wants tried.

[[idea]]
statement = "A batch of 64k is as good"
set = { batch_size = 65536 }            # levers by name, or:
moves = ["batch_size x 4"]              # levers by role
predicted = [-0.002, 0.0, 0.002]        # relative improvement: low, value, high; or one number; may be left out
why = "The hardware is idle at 1k."
cost = 0.5                              # of a training, relative to the baseline's; may be left out
"""

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from rea.domain.errors import UsageError
from rea.domain.hypothesis import Aim, Effect, Move
from rea.domain.lever import Scalar
from rea.domain.technique import parse_move

LEAST_HALF_WIDTH = 0.005  # of the interval around a prediction that is given as one number


@dataclass(frozen=True, slots=True, kw_only=True)
class Idea:
    """One entry: ``set`` names levers, ``moves`` roles. ``place`` says where it is written."""

    place: str
    statement: str
    set: tuple[tuple[str, Scalar], ...]
    moves: tuple[Move, ...]
    predicted: Effect | None
    why: str
    falsifier: str
    cost: float | None
    aim: Aim


def read(path: Path) -> tuple[Idea, ...]:
    """Return the ideas in a file; none when there is no file. Raises UsageError naming the idea and what to write instead."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}", "correct the file") from error
    _refuse_unknown(tables, ("idea",), str(path))
    entries = tables.get("idea", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"{path}: ideas are a list of tables", "head each one with [[idea]]")
    return tuple(_idea(entry, f"{path}: idea {number}") for number, entry in enumerate(entries, 1))


class _Entry(msgspec.Struct, frozen=True):
    statement: str
    set: dict[str, Scalar] = {}
    moves: tuple[str, ...] = ()
    predicted: float | tuple[float, float, float] | None = None
    why: str = ""
    falsifier: str = "The effect is not above zero."
    cost: float | None = None
    aim: Aim = Aim.QUALITY


def _idea(table: Mapping[str, object], place: str) -> Idea:
    _refuse_unknown(table, _Entry.__struct_fields__, place)
    try:
        entry = msgspec.convert(table, _Entry)
        moves = tuple(parse_move(text) for text in entry.moves)
    except msgspec.ValidationError as error:
        raise UsageError(f"{place}: {error}", "correct the entry") from error
    except UsageError as error:
        raise UsageError(f"{place}: {error.message}", error.hint) from error
    if bool(entry.set) == bool(moves):
        raise UsageError(f"{place}: needs either set or moves", "write set = { learning_rate = 0.002 }")
    if entry.cost is not None and not 0 < entry.cost < math.inf:
        raise UsageError(f"{place}: the cost must be positive", "leave it out if you don't know it")
    return Idea(
        place=place,
        statement=entry.statement,
        set=tuple(entry.set.items()),
        moves=moves,
        predicted=_effect(entry.predicted, place),
        why=entry.why,
        falsifier=entry.falsifier,
        cost=entry.cost,
        aim=entry.aim,
    )


def _effect(predicted: float | tuple[float, float, float] | None, place: str) -> Effect | None:
    if predicted is None:
        return None
    if isinstance(predicted, tuple):
        low, value, high = predicted
    else:
        half = max(LEAST_HALF_WIDTH, abs(predicted))
        low, value, high = predicted - half, predicted, predicted + half
    if not -1 < low <= value <= high < 1 or low == high:
        raise UsageError(f"{place}: predicted must be low <= value <= high, as shares", "write [-0.002, 0.003, 0.01]")
    return Effect(value=value, low=low, high=high)


def _refuse_unknown(table: Iterable[str], known: tuple[str, ...], place: str) -> None:
    for key in table:
        if key not in known:
            nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.0)[0]
            raise UsageError(f"{place}: unknown key {key!r}", f"the nearest known key is {nearest!r}")
