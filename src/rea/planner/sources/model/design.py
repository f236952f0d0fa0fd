"""The reviewer of designs: finds experiments that would teach nothing. A doubt counts only where the numbers bear it out."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rea.agent.prompt import prompt
from rea.agent.question import Model, Question
from rea.codebase.codebase import Codebase
from rea.domain.hypothesis import Effect
from rea.domain.ids import Digest
from rea.planner.sources.model import facts
from rea.planner.sources.model.ideas import Idea, Known
from rea.planner.wording import percent
from rea.ports import Briefing

FILE = Path(__file__).with_name("design.md")
TOKENS = 1200
_CODE = "With a tool you can search the code, to see whether levers act on each other. It only reads."


class Doubt(StrEnum):
    """Why an experiment would teach nothing."""

    ANSWERED = "answered"
    UNDETECTABLE = "undetectable"
    CONFOUNDED = "confounded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubted:
    """One doubt about the proposal of this number, counted from 1."""

    number: int
    kind: Doubt
    evidence: tuple[str, ...] = ()
    levers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What the reviewer answers."""

    doubts: tuple[Doubted, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """The ideas that are left, and the wording that asked: "" where nobody answered, so that all are left."""

    ideas: tuple[Idea, ...]
    prompt: Digest


def review(ideas: Sequence[Idea], briefing: Briefing, known: Known, model: Model, code: Codebase | None) -> Reviewed:
    """Return ``ideas`` without those that a doubt holds of."""
    told = prompt(FILE, code=_CODE if code else "")
    proposals = "\n".join(f"proposal {n}: {_worded(idea)}" for n, idea in enumerate(ideas, 1))
    learnt = {name: said for name, said in known.evidence.items() if name.startswith("insight:")}  # all that can answer
    question = Question(
        role="reviewer",
        instructions=told.text,
        material=f"{facts.material(briefing, learnt)}\n{proposals}",
        answer=Review,
        check=lambda found: _refusal(found, ideas, briefing, known),
        tools=code.tools()[1:2] if code else (),
        most_tokens=TOKENS,
    )
    found = model.ask(question).value if ideas else None
    if found is None:
        return Reviewed(ideas=tuple(ideas), prompt=Digest(""))
    doubted = {d.number for d in found.doubts if not wrong_with(d, ideas, briefing, known)}
    return Reviewed(ideas=tuple(x for n, x in enumerate(ideas, 1) if n not in doubted), prompt=told.digest)


def _refusal(found: Review, ideas: Sequence[Idea], briefing: Briefing, known: Known) -> str:
    told = [wrong_with(d, ideas, briefing, known) for d in found.doubts]
    return "; ".join(told) if told and all(told) else ""


def wrong_with(d: Doubted, ideas: Sequence[Idea], briefing: Briefing, known: Known) -> str:
    """Return why a doubt does not hold, or nothing."""
    if not 1 <= d.number <= len(ideas):
        return f"there is no proposal {d.number}"
    idea = ideas[d.number - 1]
    match d.kind:
        case Doubt.ANSWERED:
            return _answered(d, idea, briefing, known)
        case Doubt.UNDETECTABLE:
            least = briefing.noise.detectable
            return "" if idea.high < least else f"proposal {d.number} expects up to {idea.high}, detectable is {least}"
        case Doubt.CONFOUNDED:
            own = {s.lever for s in idea.set}
            named = set(d.levers)
            return "" if len(named) > 1 and named <= own else f"proposal {d.number} does not turn several of {d.levers}"


def _answered(d: Doubted, idea: Idea, briefing: Briefing, known: Known) -> str:
    """An insight answers a proposal where it turned every role that the proposal turns."""
    levers = [briefing.workload.lever(s.lever) for s in idea.set]
    roles = {str(lever.role) for lever in levers if lever is not None}
    told = [known.evidence.get(name, "") if name.startswith("insight:") else "" for name in d.evidence]
    turned = [{part.split(" ")[0] for part in text.partition(":")[0].split(", ")} for text in told if text]
    holds = bool(turned) and len(turned) == len(told) and all(roles <= x for x in turned)
    return "" if holds else f"proposal {d.number} is not answered by {', '.join(d.evidence) or 'no evidence'}"


def _worded(idea: Idea) -> str:
    set_to = ", ".join(f"{s.lever} = {s.value!r}" for s in idea.set)
    effect = percent(Effect(value=idea.value, low=idea.low, high=idea.high))
    return f"{set_to}; expected {effect} at {idea.cost:g} times the cost; rests on {', '.join(idea.evidence)}"
