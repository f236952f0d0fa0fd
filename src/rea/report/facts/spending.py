"""What was planned and what was spent, and what the budget has bought along the way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import exp
from statistics import median, quantiles

from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE
from rea.domain.event import Recorded
from rea.domain.evidence import Comparison, Finding, Rows, Verdict
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Effect
from rea.domain.plan import CostError
from rea.planner.pricing import off_by
from rea.statistics.costs import span


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Device-milliseconds of one phase: what was expected, with its interval, and what it was. No plan: None.

    For calibration, which comes before any plan, the most that signing the checklist granted stands in its place.
    """

    phase: Phase
    planned: Effect | None
    spent_ms: int
    jobs: int
    planned_jobs: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From where to where on the axis of device-milliseconds spent a phase reached. ``end`` is None while it goes on."""

    phase: Phase
    start: int
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The campaign along what it spent (device-milliseconds). Effects are improvements, positive = better.

    ``looks`` are single comparisons on judge rows, unshrunk; ``best`` the best shrunk effect at the close of each phase; ``confirmed`` the
    effects on test rows.
    """

    spent: int = 0
    looks: tuple[tuple[int, float], ...] = ()
    best: tuple[tuple[int, float], ...] = ((0, 0.0),)
    confirmed: tuple[tuple[int, Effect], ...] = ()
    spans: tuple[Span, ...] = ()


def spending(c: Campaign) -> tuple[Spending, ...]:
    """Return planned and actual cost of each phase that ran or is planned."""
    found = (_spending(c, phase) for phase in Phase)
    return tuple(s for s in found if s.jobs or s.planned is not None)


def _spending(c: Campaign, phase: Phase) -> Spending:
    jobs = [r for r in c.jobs.values() if r.job.phase is phase]
    plan = c.plan.phase(phase) if c.plan else None
    allowed = c.checklist.allowance_ms if c.checklist and phase is Phase.CALIBRATION else 0
    known = (plan.cost_ms, plan.low_ms, plan.high_ms) if plan else (allowed, 0, allowed) if allowed else None
    return Spending(
        phase=phase,
        planned=Effect(value=known[0], low=known[1], high=known[2]) if known else None,
        spent_ms=sum(r.cost_ms for r in jobs),
        jobs=len(jobs),
        planned_jobs=plan.jobs if plan else None,
    )


def progress(c: Campaign, recorded: Sequence[Recorded]) -> Progress:
    """Return how the best effect grew with what was spent, in the order of the journal."""
    along = Progress()
    for event in (r.event for r in recorded):
        along = _step(c, along, event)
    return along


def _step(c: Campaign, p: Progress, event: e.Event) -> Progress:
    match event:
        case e.JobEnded(cost_ms=cost):
            return replace(p, spent=p.spent + cost)
        case e.Compared(comparisons=found):
            return replace(p, looks=(*p.looks, *_looks(c, p.spent, found)))
        case e.PhaseOpened(phase=phase):
            return replace(p, spans=(*p.spans, Span(phase=phase, start=p.spent)))
        case e.PhaseClosed(phase=phase, findings=found):
            return _closed(p, phase, found)
        case _:
            return p


def _looks(c: Campaign, spent: int, found: Iterable[Comparison]) -> Iterable[tuple[int, float]]:
    mine = (x for x in found if x.metric == c.setup.primary and x.rows is Rows.JUDGE and not x.slice)
    return (
        (spent, x.effect)
        for x in mine
        if x.experiment in c.experiments and c.experiments[x.experiment].change != BASELINE
    )


def _closed(p: Progress, phase: Phase, found: Sequence[Finding]) -> Progress:
    spans = tuple(replace(s, end=p.spent) if s.phase is phase and s.end is None else s for s in p.spans)
    effects = [f.effect for f in found if f.verdict is not Verdict.DROPPED]
    if phase is Phase.CONFIRMATION:
        return replace(p, spans=spans, confirmed=(*p.confirmed, *((p.spent, x) for x in effects)))
    best = max([p.best[-1][1], *(x.value for x in effects)])
    return replace(p, spans=spans, best=(*p.best, (p.spent, best)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What single experiments cost, as multiples of what was expected of them: median and the interval that holds 80 % of them.

    ``said`` is the 80 % interval that the plan's cost model gave for one, ``inside`` how many fell into it.
    """

    experiments: int
    ratio: Effect
    said: Effect
    inside: int
    past: CostError


def priced(c: Campaign) -> Priced | None:
    """Return how far this campaign's runs lay off their prices; None where none was measured."""
    ratios = sorted(off_by(c).values())
    if not ratios:
        return None
    past = c.plan.costs if c.plan else c.cost_error
    middle = exp(past.bias)
    said = Effect(value=middle, low=span(middle, past, 1)[0], high=span(middle, past, 1)[1])
    cut = quantiles(ratios, n=10) if len(ratios) > 1 else [ratios[0]]
    return Priced(
        experiments=len(ratios),
        ratio=Effect(value=median(ratios), low=max(cut[0], ratios[0]), high=min(cut[-1], ratios[-1])),
        said=said,
        inside=sum(said.low <= r <= said.high for r in ratios),
        past=past,
    )
