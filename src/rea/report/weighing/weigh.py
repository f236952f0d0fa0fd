"""The weigher of trade-offs: candidates and facts in, one of them and the facts that speak for it out. No free text comes back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rea.agent.prompt import prompt
from rea.agent.question import Model, Question
from rea.domain.campaign import Campaign
from rea.domain.evidence import Finding, Safety, Verdict
from rea.domain.experiment import Phase
from rea.domain.ids import Digest
from rea.report import numbers as n
from rea.report.foreign import line

FILE = Path(__file__).with_name("weigh.md")
MOST = 5
TOKENS = 500


class Ground(StrEnum):
    """What a reason is about."""

    METRIC = "metric"
    GUARDRAIL = "guardrail"
    COST = "cost"
    UNCERTAINTY = "uncertainty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason, by the fact that shows it."""

    kind: Ground
    fact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What the weigher answers."""

    prefer: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A fact about a candidate. ``kinds`` are the grounds that it can be a reason for."""

    name: str
    candidate: str
    kinds: tuple[Ground, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Which candidate a model would prefer ("" none), and why, in the facts' own words."""

    prefer: str
    reasons: tuple[tuple[str, str], ...]  # kind and fact
    prompt: Digest
    call: str

    @property
    def mark(self) -> str:
        """What has to stand beside it wherever it is shown."""
        origin = f"prompt {self.prompt[:12]}, call {self.call[:12] or 'not recorded'}"
        return f"Weighed by a language model; the answer above does not depend on it ({origin})."


def weigh(model: Model, c: Campaign) -> Advice | None:
    """Return advice on what was confirmed; None where there is nothing to weigh, or no answer that holds."""
    found = candidates(c)
    if not found:
        return None
    facts = tuple(_facts(found))
    told = prompt(FILE, most=MOST)
    answer = model.ask(
        Question(
            role="weigher",
            instructions=told.text,
            material="\n".join(f"{w.name} ({w.candidate}, {'/'.join(w.kinds)}): {w.text}" for w in facts),
            answer=Weighed,
            check=lambda said: wrong_with(said, found, facts),
            most_tokens=TOKENS,
        )
    )
    said = answer.value
    if said is None or wrong_with(said, found, facts):
        return None
    texts = {w.name: f"{w.candidate}: {w.text}" for w in facts}
    reasons = tuple((str(r.kind), texts[r.fact]) for r in said.reasons)
    changes = {name: line(str(c.experiments[f.experiment].change)) for name, f in found.items()}
    return Advice(prefer=changes.get(said.prefer, ""), reasons=reasons, prompt=told.digest, call=answer.call)


def candidates(c: Campaign) -> dict[str, Finding]:
    """Return what was confirmed, by the name it is weighed under."""
    confirmed = [f for f in c.findings.values() if f.phase is Phase.CONFIRMATION and f.verdict is Verdict.SUPPORTED]
    return {f"c{number}": f for number, f in enumerate(confirmed, 1)}


def wrong_with(said: Weighed, found: dict[str, Finding], facts: Sequence[Weight]) -> str:
    """Return what is wrong with an answer, or nothing."""
    known = {w.name: w for w in facts}
    if said.prefer and said.prefer not in found:
        return f"there is no candidate {said.prefer[:40]!r}"
    if said.prefer and any(g.outcome is Safety.VIOLATED for g in found[said.prefer].guardrails):
        return f"{said.prefer} violates a guardrail"
    if not 1 <= len(said.reasons) <= MOST:
        return f"give 1 to {MOST} reasons"
    wrong = [r for r in said.reasons if r.fact not in known or r.kind not in known[r.fact].kinds]
    if wrong:
        return f"{wrong[0].fact[:40]!r} is no fact about {wrong[0].kind}"
    own = [r for r in said.reasons if known[r.fact].candidate == said.prefer]
    return "" if own or not said.prefer else f"no reason rests on a fact about {said.prefer}"


def _facts(found: dict[str, Finding]) -> Iterator[Weight]:
    number = 0
    for candidate, f in found.items():
        for kinds, text in _told(f):
            number += 1
            yield Weight(name=f"w{number}", candidate=candidate, kinds=kinds, text=text)


def _told(f: Finding) -> Iterator[tuple[tuple[Ground, ...], str]]:
    yield (Ground.METRIC, Ground.UNCERTAINTY), f"improvement {n.effect(f.effect)}, {f.seeds} seeds"
    if f.cost is not None:
        yield (Ground.COST, Ground.UNCERTAINTY), f"training cost {n.effect(f.cost)}"
    for g in f.guardrails:
        kinds = (Ground.GUARDRAIL, Ground.UNCERTAINTY)
        yield kinds, f"{line(g.guardrail)}: {g.outcome}, {n.value(g.value)} [{n.value(g.low)}, {n.value(g.high)}]"
