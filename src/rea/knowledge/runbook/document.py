"""What a runbook file may say. It is the domain's entry, with the symptom as a list of alternatives."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields

from rea.domain.hypothesis import Move
from rea.domain.runbook import Cause, Remedy, RunbookEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole file: ``symptoms`` are regular expressions of which one has to be found in the evidence."""

    explanation: str
    cause: Cause
    remedy: Remedy
    symptoms: tuple[str, ...]
    must_match: tuple[str, ...]
    must_not_match: tuple[str, ...]
    priority: int = 0
    limit: int = 0
    moves: tuple[Move, ...] = ()
    exact: bool = False
    unless: str = ""
    harmless: tuple[str, ...] = ()
    then: Remedy = Remedy.DROP

    def entry(self, name: str) -> RunbookEntry:
        """Return the entry that this file describes."""
        return RunbookEntry(
            name=name,
            symptom="|".join(f"(?:{symptom})" for symptom in self.symptoms),
            cause=self.cause,
            remedy=self.remedy,
            explanation=self.explanation,
            limit=self.limit,
            moves=self.moves,
            exact=self.exact,
            unless=self.unless,
            harmless=self.harmless,
            priority=self.priority,
            then=self.then,
            must_match=self.must_match,
            must_not_match=self.must_not_match,
        )


def unknown_keys(raw: Mapping[str, object]) -> list[str]:
    """Return a problem for every key that no file may have, naming the nearest that it may."""
    moves = raw.get("moves")
    tables = [m for m in moves if isinstance(m, dict)] if isinstance(moves, list) else []
    problems = _unknown(raw, tuple(field.name for field in fields(Document)), "")
    for table in tables:
        problems += _unknown(table, tuple(field.name for field in fields(Move)), "moves: ")
    return problems


def _unknown(table: Mapping[str, object], known: tuple[str, ...], place: str) -> list[str]:
    return [
        f"{place}unknown key {key!r}, did you mean {difflib.get_close_matches(key, known, n=1, cutoff=0.0)[0]!r}?"
        for key in table
        if key not in known
    ]
