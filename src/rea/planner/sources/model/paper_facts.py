"""The reader of papers: text of strangers in, typed facts with their lines out, no tool in its hands."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rea.agent.prompt import prompt
from rea.agent.question import Model, Question
from rea.domain.lever import LeverType, Role
from rea.domain.workload import Workload
from rea.planner.sources.model.literature.paper import Paper

FILE = Path(__file__).with_name("read_paper.md")
ROLE = "paper_reader"
MOST = 6  # facts of one paper
SPAN = 12  # lines that one fact may rest on
TOKENS = 900

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Turn(StrEnum):
    """What is done with a role."""

    INCREASE = "increase"
    DECREASE = "decrease"
    ON = "turn_on"
    OFF = "turn_off"
    SET = "set"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFact:
    """One claim of a paper. No part of it is free text: a paper cannot speak through it."""

    role: Role
    turn: Turn
    first: int
    last: int
    choice: str = ""
    effect: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFacts:
    """What the reader answers."""

    facts: tuple[PaperFact, ...] = ()


def read(papers: Sequence[Paper], workload: Workload, model: Model) -> dict[str, str]:
    """Return one line for each fact by its evidence id, such as ``p1a2b3c4d:10-14``."""
    found: dict[str, str] = {}
    for paper in papers:
        answer = model.ask(question(paper, workload)).value
        for fact in answer.facts[:MOST] if answer is not None else ():
            if not wrong_with(fact, paper, workload):
                found[f"{paper.id}:{fact.first}-{fact.last}"] = _worded(fact)
    return found


def question(paper: Paper, workload: Workload) -> Question[PaperFacts]:
    told = prompt(FILE, most=MOST, span=SPAN, choices=", ".join(choices(workload)) or "(none)")
    return Question(
        role=ROLE,
        instructions=told.text,
        material="\n".join(f"{number}: {row}" for number, row in enumerate(paper.lines, 1)),
        answer=PaperFacts,
        check=_check(paper, workload),
        most_tokens=TOKENS,
    )


def choices(workload: Workload) -> tuple[str, ...]:
    """Return every word that a lever of the workload takes."""
    return tuple(dict.fromkeys(c for v in workload.levers if v.type is LeverType.CHOICE for c in v.choices))


def wrong_with(fact: PaperFact, paper: Paper, workload: Workload) -> str:
    """Return what is wrong with a fact, or nothing."""
    if not 1 <= fact.first <= fact.last <= len(paper.lines) or fact.last - fact.first >= SPAN:
        return f"lines {fact.first} to {fact.last} are not 1 to {SPAN} lines of the {len(paper.lines)}"
    taken = {c for v in workload.with_role(fact.role) for c in v.choices}
    if (fact.turn is Turn.SET) != bool(fact.choice) or (fact.choice and fact.choice not in taken):
        return f"{fact.choice!r} is no choice of a lever with the role {fact.role}"
    if fact.effect is None:
        return ""
    if not math.isfinite(fact.effect) or abs(fact.effect) >= 1:
        return "an effect is a share between -1 and 1"
    written = [float(n) for row in paper.lines[fact.first - 1 : fact.last] for n in _NUMBER.findall(row)]
    stands = any(math.isclose(n, scale * abs(fact.effect), rel_tol=1e-6) for n in written for scale in (1, 100))
    return "" if stands else f"the effect {fact.effect} does not stand in lines {fact.first} to {fact.last}"


def _check(paper: Paper, workload: Workload) -> Callable[[PaperFacts], str]:
    def check(answer: PaperFacts) -> str:
        told = [wrong_with(fact, paper, workload) for fact in answer.facts]
        return "; ".join(told) if told and all(told) else ""

    return check


def _worded(fact: PaperFact) -> str:
    effect = "no figure" if fact.effect is None else f"{100 * fact.effect:+.3g} % in its own setting"
    return f"{fact.role} {fact.turn}{' ' + fact.choice if fact.choice else ''}, {effect}"
