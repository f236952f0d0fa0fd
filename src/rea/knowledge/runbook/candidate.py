"""A failure whose suggested remedy held in a rerun, as a file that a runbook can take: a candidate, until it has proved itself in shadow. Pure."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rea.domain.hypothesis import Move
from rea.domain.ids import digest
from rea.domain.runbook import Cause, Remedy
from rea.knowledge.runbook.document import Document
from rea.knowledge.runbook.rules import broken_rules

LAST = -100  # of all priorities: whatever else knows the failure comes first
_WORTH = 12  # letters that a line needs to tell one failure from another
_RUN = re.compile(r"0x[0-9a-fA-F]+|\d+")
_MOST_RUNS = 3
_LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is known of one failure. ``failed`` are two logs that show it, ``passed`` two that do not: the control's, and that of the cured rerun."""

    cause: Cause
    remedy: Remedy
    moves: tuple[Move, ...]
    lines: tuple[str, ...]
    failed: tuple[str, ...]
    passed: tuple[str, ...]
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file's name and text; ``problem`` says why there is none."""

    name: str = ""
    text: str = ""
    problem: str = ""


def candidate(case: Case) -> Candidate:
    """Return the entry for a case, if a line of its log tells the failed runs from the others."""
    telling = [line for line in case.lines if sum(ch.isalpha() for ch in line) >= _WORTH]
    for line in sorted(telling, key=lambda text: -len(text)):
        found = _document(case, symptom_of(line))
        if found is not None and not broken_rules(found):
            name = f"suggested_{digest(found.symptoms, found.remedy, found.moves)[:8]}"
            return Candidate(name=name, text=_toml(found))
    return Candidate(problem="no line of the log tells the runs that failed from those that did not")


def symptom_of(line: str) -> str:
    """Return a bounded pattern for one line of a log in which numbers may differ."""
    text = line.strip()[:_LONGEST]
    runs = list(_RUN.finditer(text))
    if len(runs) > _MOST_RUNS:
        text = text[: runs[_MOST_RUNS].start()].rstrip()
    parts = _RUN.split(text)
    numbers = [r"0x[0-9a-fA-F]{1,16}" if n.startswith("0x") else r"\d{1,12}" for n in _RUN.findall(text)]
    return re.escape(parts[0]) + "".join(n + re.escape(p) for n, p in zip(numbers, parts[1:], strict=True))


def _document(case: Case, symptom: str) -> Document | None:
    shown = [_around(log, symptom) for log in case.failed]
    if not all(shown):
        return None
    return Document(
        explanation=case.told,
        cause=case.cause,
        remedy=case.remedy,
        symptoms=(symptom,),
        must_match=tuple(shown),
        must_not_match=tuple(log[-2000:] for log in case.passed),
        priority=LAST,
        limit=1,
        moves=case.moves,
    )


def _around(log: str, symptom: str) -> str:
    """Return the line of a log that shows the symptom, and the last one, which is ours; nothing where no line does."""
    rows = log.splitlines()
    return next((f"{row}\n{rows[-1]}" for row in rows if re.search(symptom, row)), "")


def _toml(d: Document) -> str:
    told = [
        "# A candidate: a language model suggested it, one rerun bore it out. It acts nowhere until it has proved itself in shadow.",
        f"explanation = {_quoted(d.explanation)}",
        f"cause = {_quoted(d.cause)}",
        f"remedy = {_quoted(d.remedy)}",
        f"limit = {d.limit}",
        f"priority = {d.priority}",
        f"symptoms = {_list(d.symptoms)}",
        f"must_match = {_list(d.must_match)}",
        f"must_not_match = {_list(d.must_not_match)}",
    ]
    for move in d.moves:
        operand = _quoted(move.operand) if isinstance(move.operand, str) else json.dumps(move.operand)
        told += [
            "",
            "[[moves]]",
            f"role = {_quoted(move.role)}",
            f"operation = {_quoted(move.operation)}",
            f"operand = {operand}",
        ]
    return "\n".join(told) + "\n"


def _list(texts: Sequence[str]) -> str:
    return "[\n" + "".join(f"  {_quoted(text)},\n" for text in texts) + "]"


def _quoted(text: str) -> str:
    """Return a TOML basic string: JSON's escapes are TOML's, save for DEL and halves of characters."""
    whole = str(text).encode(errors="replace").decode().replace("\x7f", "?")
    return json.dumps(whole, ensure_ascii=False)
