"""Evidence from outside beside the verdicts it speaks of: how often offline and online agree in sign. It changes no other fact. Pure."""

from dataclasses import dataclass

from rea.domain.campaign import Campaign
from rea.domain.evidence import Finding, Verdict
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Effect
from rea.domain.outside import PROPOSAL, OnlineResult, Outside
from rea.report import numbers as n
from rea.report.foreign import line

SIGNS = ("better", "unclear", "worse")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """One online result and the last offline finding on the same subject, if there is one. ``says``: agrees, disagrees, unclear or no verdict."""

    subject: str
    change: str
    kind: str
    metric: str
    online: Effect
    level: float
    units: int | None
    offline: Effect | None
    verdict: str
    says: str
    source: str
    when: str
    by: str
    imported: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideFacts:
    """``signs`` counts results by offline (rows) and online (columns) sign, each in the order of ``SIGNS``."""

    results: tuple[Beside, ...] = ()
    notes: tuple[tuple[str, str, str, str], ...] = ()  # when, who, about, text
    signs: tuple[tuple[int, ...], ...] = ()

    @property
    def agree(self) -> int:
        return sum(x.says == "agrees" for x in self.results)

    @property
    def clear(self) -> int:
        return sum(x.says in ("agrees", "disagrees") for x in self.results)


def outside_of(c: Campaign, outside: Outside) -> OutsideFacts:
    """Return evidence from outside as a report shows it."""
    results = tuple(_beside(c, x) for x in outside.results)
    pairs = [(sign(x.offline), sign(x.online)) for x in results if x.offline is not None]
    return OutsideFacts(
        results=results,
        notes=tuple((n.moment(x.at), line(x.by), line(x.subject), line(x.text, 600)) for x in outside.notes),
        signs=tuple(tuple(pairs.count((row, column)) for column in SIGNS) for row in SIGNS) if pairs else (),
    )


def sign(effect: Effect) -> str:
    """Return what an interval says: better or worse where it excludes zero."""
    return "better" if effect.low > 0 else "worse" if effect.high < 0 else "unclear"


def _beside(c: Campaign, x: OnlineResult) -> Beside:
    found = _finding(c, x.subject)
    offline = None if found is None else found.effect
    return Beside(
        subject=x.subject,
        change=_change(c, x.subject, found),
        kind=str(x.kind).replace("_", " "),
        metric=line(x.metric, 80),
        online=x.effect,
        level=x.level,
        units=x.units,
        offline=offline,
        verdict=f"{found.verdict} in {found.phase}" if found else "none",
        says=_says(offline, x.effect),
        source=line(x.source, 200) + (f"; {line(x.note, 200)}" if x.note else ""),
        when=" to ".join(line(t, 40) for t in (x.started, x.ended) if t),
        by=line(x.by, 80),
        imported=n.moment(x.at),
    )


def _says(offline: Effect | None, online: Effect) -> str:
    if offline is None:
        return "no verdict"
    signs = {sign(offline), sign(online)}
    return "unclear" if "unclear" in signs else "agrees" if len(signs) == 1 else "disagrees"


def _finding(c: Campaign, subject: str) -> Finding | None:
    """Return the last word on a subject that was measured: Confirmation's, where there is one."""
    if subject == PROPOSAL:
        return c.proposal.finding if c.proposal else None
    about = [
        f
        for f in c.findings.values()
        if f.verdict is not Verdict.DROPPED and (f.experiment == subject or f.hypotheses == (subject,))
    ]
    return next((f for f in about if f.phase is Phase.CONFIRMATION), about[-1] if about else None)


def _change(c: Campaign, subject: str, found: Finding | None) -> str:
    known = next((h for h in c.hypotheses.values() if h.id == subject), None)
    if known is not None:
        return line(str(known.change))
    experiment = next((x for x in c.experiments.values() if x.id == (found.experiment if found else subject)), None)
    return line(str(experiment.change)) if experiment else ""
