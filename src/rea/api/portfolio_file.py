"""``portfolio.toml``: one budget, and the workloads that share it."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rea.domain.errors import UsageError
from rea.domain.portfolio import Dealing

T = TypeVar("T")
HEAD = ("budget", "slots", "floor", "member")
MEMBER = ("path", "weight", "python", "ideas", "question", "backend", "sandbox", "slots")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One ``[[member]]``: a workload's folder, what its improvement counts, and what ``rea start`` would be told about it."""

    path: Path
    weight: float = 1.0
    python: str | None = None
    ideas: Path | None = None
    question: str = ""
    backend: str | None = None
    sandbox: str | None = None
    slots: int | None = None  # jobs of this member at a time, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A portfolio as its file states it. ``budget`` is device time in words; ``slots`` jobs at a time, of all members together."""

    budget: str
    members: tuple[Entry, ...]
    dealing: Dealing
    slots: int | None = None


def load(path: Path) -> Spec:
    """Read a portfolio file; paths in it are relative to its folder.

    Raises:
        UsageError: it cannot be read, a key is unknown, or a value is none of its kind; the message says which.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", "rea portfolio start FILE: docs/portfolio.md"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no TOML: {error}", "mend that line") from error
    _known(told, HEAD, str(path))
    entries = told.get("member")
    if not isinstance(entries, list) or not entries:
        raise UsageError(f"{path} names no member", '[[member]] with path = "folder", once for each workload')
    members = tuple(_entry(entry, path.parent, f"member {i}") for i, entry in enumerate(entries, start=1))
    _apart(members)
    floor = _value(told, "floor", float, 0.5, str(path))
    if not 0 <= floor <= 1:
        raise UsageError(f"floor is {floor}", "a share of each member's fair share, from 0 to 1")
    slots = _value(told, "slots", int, None, str(path))
    if slots is not None and slots < 1:
        raise UsageError(f"slots is {slots}", "jobs at a time, 1 or more")
    return Spec(
        budget=_value(told, "budget", str, "", str(path)), members=members, slots=slots, dealing=Dealing(floor=floor)
    )


def _entry(told: object, folder: Path, where: str) -> Entry:
    if not isinstance(told, dict):
        raise UsageError(f"{where} is no table", "[[member]]")
    _known(told, MEMBER, where)
    path, ideas = _value(told, "path", str, "", where), _value(told, "ideas", str, None, where)
    weight = _value(told, "weight", float, 1.0, where)
    if not path or not weight > 0:
        raise UsageError(f"{where} has no path, or a weight that is not above 0", 'path = "folder", weight = 1.0')
    return Entry(
        path=(folder / path).resolve(),
        weight=weight,
        python=_value(told, "python", str, None, where),
        ideas=folder / ideas if ideas else None,
        question=_value(told, "question", str, "", where),
        backend=_value(told, "backend", str, None, where),
        sandbox=_value(told, "sandbox", str, None, where),
        slots=_value(told, "slots", int, None, where),
    )


def _apart(members: Iterable[Entry]) -> None:
    seen: set[Path] = set()
    for entry in members:
        if entry.path in seen:
            raise UsageError(f"{entry.path} is named twice", "one [[member]] for each workload")
        seen.add(entry.path)


def _known(told: Mapping[str, object], known: tuple[str, ...], where: str) -> None:
    for key in told:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            raise UsageError(
                f"{where}: unknown key {key!r}", f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            )


def _value(told: Mapping[str, object], key: str, kind: type[T], default: T | None, where: str) -> T:
    found = told.get(key, default)
    if kind is float and isinstance(found, int) and not isinstance(found, bool):
        found = float(found)
    if found is not default and (not isinstance(found, kind) or isinstance(found, bool)):
        raise UsageError(f"{where}: {key} is {found!r}, which is no {kind.__name__}", "mend that line")
    return found  # type: ignore[return-value]
