"""Reading a runbook: every problem found is told at once, each with its file."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from rea.domain.errors import UsageError
from rea.domain.ids import Digest, digest
from rea.domain.runbook import RunbookEntry, Standing
from rea.knowledge.runbook.document import Document, unknown_keys
from rea.knowledge.runbook.rules import broken_rules

BUILT_IN = Path(__file__).parent


def shipped() -> tuple[RunbookEntry, ...]:
    """Return the entries that come with the program, unchecked: their tests and ``rea doctor`` check them, which takes half a second a wake."""
    paths = sorted(BUILT_IN.glob("*.toml"))
    return tuple(msgspec.convert(_raw(path), Document).entry(path.stem) for path in paths)


def load(directory: Path = BUILT_IN) -> tuple[RunbookEntry, ...]:
    """Return the entries in ``directory``, checked, one per ``*.toml``, named by their files and in the order of their names.

    Raises:
        UsageError: there is no entry, a file cannot be read, has an unknown key, or breaks a rule; all problems are listed.
    """
    paths = sorted(directory.glob("*.toml"))
    if not paths:
        raise UsageError(f"there is no runbook in {directory}", "give a folder with one TOML file per failure")
    entries: list[RunbookEntry] = []
    problems: list[str] = []
    for path in paths:
        found = _read(path)
        if isinstance(found, RunbookEntry):
            entries.append(found)
        else:
            problems.extend(f"{path.name}: {problem}" for problem in found)
    if problems:
        lines = "\n".join(f"  {problem}" for problem in problems)
        raise UsageError(f"the runbook in {directory} is not as required:\n{lines}", "correct these files")
    return tuple(entries)


def load_own(directory: Path, shipped: tuple[RunbookEntry, ...]) -> tuple[tuple[RunbookEntry, ...], list[str]]:
    """Return a user's own entries, all in shadow, and what is wrong with the files that are left out: a failure they would
    have known stays unknown, which is the safe side. No folder is no entry."""
    taken = {entry.name for entry in shipped}
    entries: list[RunbookEntry] = []
    problems: list[str] = []
    for path in sorted(directory.glob("*.toml")):
        found = _read(path) if path.stem not in taken else [f"an entry called {path.stem} is shipped; rename the file"]
        if isinstance(found, RunbookEntry):
            entries.append(replace(found, own=True, standing=Standing.SHADOW))
        else:
            problems.extend(f"{path.name}: {problem}" for problem in found)
    return tuple(entries), problems


def digest_of(runbook: tuple[RunbookEntry, ...]) -> Digest:
    """Return the digest that a plan binds a runbook by."""
    return digest("runbook", runbook)


def _read(path: Path) -> RunbookEntry | list[str]:
    try:
        raw = _raw(path)
        if unknown := unknown_keys(raw):
            return unknown
        document = msgspec.convert(raw, Document)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        return [str(error)]
    return broken_rules(document) or document.entry(path.stem)


def _raw(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
