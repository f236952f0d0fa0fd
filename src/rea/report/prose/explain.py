"""Asks for prose about facts, and keeps the sentences that stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rea.agent.prompt import prompt
from rea.agent.question import Model, Question
from rea.domain.ids import Digest
from rea.report.prose.check import faults
from rea.report.prose.stated import Stated

FILE = Path(__file__).with_name("explain.md")
MOST = 8  # sentences
TOKENS = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence and the facts that it rests on."""

    text: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the explainer answers."""

    sentences: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Sentences that stand, how many were dropped, and how they can be looked up."""

    sentences: tuple[str, ...]
    dropped: int
    prompt: Digest
    call: str

    @property
    def mark(self) -> str:
        """What has to stand beside it wherever it is shown."""
        lost = f"{self.dropped} sentence{'s were' if self.dropped != 1 else ' was'} dropped"
        origin = f"prompt {self.prompt[:12]}, call {self.call[:12] or 'not recorded'}"
        return f"Written by a language model; every number in it was found in the facts, {lost} ({origin})."


def beside(prose: Prose | None) -> str:
    """Return prose as it stands below a page of text: set off and marked; nothing where there is none."""
    return (
        "" if prose is None else "\n".join(["", "", *(f"  | {text}" for text in prose.sentences), f"  | {prose.mark}"])
    )


def explain(model: Model, about: str, stated: Sequence[Stated]) -> Prose | None:
    """Return prose about ``stated``; None where there is no answer, or nothing of it stands."""
    known = {fact.name: fact for fact in stated}

    def wrong(said: Said) -> str:
        told = [faults(s.text, s.facts, known) for s in said.sentences]
        return (
            "" if any(not found for found in told) else "; ".join(f for found in told for f in found) or "no sentence"
        )

    told = prompt(FILE, about=about, most=MOST)
    material = "\n".join(f"{fact.name}: {fact.text}" for fact in stated)
    answer = model.ask(
        Question(
            role="explainer", instructions=told.text, material=material, answer=Said, check=wrong, most_tokens=TOKENS
        )
    )
    if answer.value is None:
        return None
    given = answer.value.sentences[:MOST]
    kept = tuple(s.text.strip() for s in given if not faults(s.text, s.facts, known))
    dropped = len(answer.value.sentences) - len(kept)
    return Prose(sentences=kept, dropped=dropped, prompt=told.digest, call=answer.call) if kept else None
