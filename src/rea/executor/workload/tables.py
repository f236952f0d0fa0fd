"""From TOML's own values to typed tables, field by field, so that one wrong value does not hide the next."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from rea.executor.workload.document import hints_of, holds_many, table_in, written_as
from rea.executor.workload.problem import Problem, nearest

Table = TypeVar("Table")


def read_table(table: type[Table], raw: Mapping[str, object], place: str, problems: list[Problem]) -> Table | None:
    """Return ``raw`` as a ``table``; what is wrong is added to ``problems``, and None returned where something is."""
    before = len(problems)
    hints = hints_of(table)
    unknown = (key for key in raw if key not in hints)
    problems.extend(Problem(place, f"unknown key {key!r}{nearest(key, hints)}") for key in unknown)
    for field in fields(table):  # type: ignore[arg-type]
        if field.name not in raw and _required(field):
            problems.append(Problem(place, _missing(field.name, hints[field.name])))
    values = {name: _value(name, hints[name], raw[name], place, problems) for name in hints if name in raw}
    return None if len(problems) > before else table(**values)


def _required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _missing(name: str, hint: object) -> str:
    return f"the table [{name}] is missing" if table_in(hint) else f"{name!r} is missing"


def _value(name: str, hint: Any, raw: object, place: str, problems: list[Problem]) -> object:
    inner = table_in(hint)
    if inner is None:
        return _plain(name, hint, raw, place, problems)
    if not holds_many(hint):
        if isinstance(raw, Mapping):
            return read_table(inner, raw, f"[{name}]", problems)
        problems.append(Problem(place, f"{name!r} has to be a table, written [{name}]"))
        return None
    if not isinstance(raw, list) or not all(isinstance(one, Mapping) for one in raw):
        problems.append(Problem(place, f"{name!r} has to be a list of tables, each written [[{name}]]"))
        return None
    return tuple(read_table(inner, one, _place(name, at, one), problems) for at, one in enumerate(raw, 1))


def _place(name: str, at: int, raw: Mapping[str, object]) -> str:
    called = raw.get("name", raw.get("metric", ""))
    return f"[[{name}]] {at}" + (f" ({called})" if isinstance(called, str) and called else "")


def _plain(name: str, hint: Any, raw: object, place: str, problems: list[Problem]) -> object:
    if isinstance(hint, type) and issubclass(hint, StrEnum) and raw not in tuple(hint):
        problems.append(Problem(place, f"{name} is {raw!r}{nearest(str(raw), hint)} {_all_of(hint)}"))
        return None
    if not all(math.isfinite(number) for number in _floats(raw)):
        problems.append(Problem(place, f"{name} is not a finite number"))
        return None
    written = written_as(hint)
    try:
        value = msgspec.convert(raw, written)
    except msgspec.ValidationError as error:
        problems.append(Problem(place, f"{name}: {_reworded(error)}"))
        return None
    return tuple(value.items()) if written is not hint else value


def _all_of(words: type[StrEnum]) -> str:
    return f" (one of {', '.join(words)})" if len(words) <= 8 else ""


def _floats(raw: object) -> Iterator[float]:
    if isinstance(raw, float):
        yield raw
    elif isinstance(raw, Mapping):
        yield from (number for value in raw.values() for number in _floats(value))
    elif isinstance(raw, list):
        yield from (number for value in raw for number in _floats(value))


def _reworded(error: msgspec.ValidationError) -> str:
    text = str(error).replace("Expected", "has to be").replace("got", "is").replace(" | null", "")
    return text.replace("`", "").replace("$", "").replace("array", "list").replace("object", "table")
