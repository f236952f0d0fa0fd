"""Reads techniques from their files. A file's name is the technique's; an unknown key is an error that names the nearest known one."""

import difflib
import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from rea.domain.errors import UsageError
from rea.domain.hypothesis import Aim, Effect
from rea.domain.ids import Digest
from rea.domain.ids import digest as digest_of
from rea.domain.technique import Column, Technique, parse_move, parse_precondition, parse_role

BUILT_IN = Path(__file__).parent


def load(directory: Path = BUILT_IN) -> tuple[Technique, ...]:
    """Return the techniques in ``directory``, by name.

    Raises:
        UsageError: a file cannot be read, has an unknown key, or says something impossible; the message names the file.
    """
    return tuple(_read(path) for path in sorted(directory.glob("*.toml")))


def digest(techniques: Sequence[Technique]) -> Digest:
    """Return the digest of a catalogue: part of what an approval covers."""
    return digest_of("techniques", sorted(techniques, key=lambda technique: technique.name))


class _Interval(msgspec.Struct, frozen=True):
    low: float
    value: float
    high: float


class _File(msgspec.Struct, frozen=True):
    statement: str
    rationale: str
    citation: str
    effect: _Interval
    falsifier: str
    moves: tuple[str, ...] = ()
    every: str = ""
    applies: tuple[str, ...] = ()
    needs: tuple[Column, ...] = ()
    cost: float = 1.0
    aim: Aim = Aim.QUALITY
    url: str = ""
    caution: str = ""


def _read(path: Path) -> Technique:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        _refuse_unknown(tables, _File)
        _refuse_unknown(tables.get("effect"), _Interval)
        technique = _technique(path.stem, msgspec.convert(tables, _File))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UsageError(f"{path}: {error}", "correct the file") from error
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}", error.hint) from error
    _refuse_impossible(path, technique)
    return technique


def _refuse_unknown(table: object, shape: type[msgspec.Struct]) -> None:
    known = shape.__struct_fields__
    for key in table if isinstance(table, Mapping) else ():
        if key not in known:
            nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.0)[0]
            raise UsageError(f"unknown key {key!r}", f"the nearest known key is {nearest!r}")


def _technique(name: str, file: _File) -> Technique:
    return Technique(
        name=name,
        statement=file.statement,
        rationale=file.rationale,
        citation=file.citation,
        url=file.url,
        moves=tuple(parse_move(text) for text in file.moves),
        every=parse_role(file.every) if file.every else None,
        applies=tuple(parse_precondition(text) for text in file.applies),
        needs=file.needs,
        effect=Effect(value=file.effect.value, low=file.effect.low, high=file.effect.high),
        cost=file.cost,
        aim=file.aim,
        falsifier=file.falsifier,
        caution=file.caution,
    )


@dataclass(frozen=True, slots=True)
class _Rule:
    broken: Callable[[Technique], bool]
    says: str


_RULES = (
    _Rule(lambda t: bool(t.moves) == (t.every is not None), "needs either moves or every"),
    _Rule(lambda t: not (t.statement and t.rationale and t.citation and t.falsifier), "has an empty text"),
    _Rule(lambda t: not t.effect.low <= t.effect.value <= t.effect.high, "needs an effect with low <= value <= high"),
    _Rule(lambda t: t.effect.low == t.effect.high, "needs an effect that is an interval, not a point"),
    _Rule(lambda t: max(abs(t.effect.low), abs(t.effect.high)) >= 1, "predicts an effect of 100 % or more"),
    _Rule(lambda t: not 0 < t.cost < math.inf, "needs a positive cost"),
    _Rule(lambda t: t.aim is Aim.EFFICIENCY and t.cost >= 1, "claims efficiency at no lower cost"),
)


def _refuse_impossible(path: Path, technique: Technique) -> None:
    for rule in _RULES:
        if rule.broken(technique):
            raise UsageError(f"{path}: the technique {rule.says}", "correct the file")
