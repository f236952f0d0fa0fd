"""What was tried: each experiment with its verdict, what was predicted, what was measured, and how stacks compare with their parts."""

from dataclasses import dataclass, replace
from statistics import median

from rea.domain.campaign import Campaign
from rea.domain.change import Change
from rea.domain.evidence import Comparison, Finding, Rows, Verdict
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Effect, Hypothesis
from rea.domain.ids import HypothesisId
from rea.domain.insight import Shared
from rea.planner.ablation import shared
from rea.report.foreign import line
from rea.statistics.interaction import interaction
from rea.statistics.score import mean_of, pool_of, score
from rea.statistics.variance import Pool

NOT_TESTED = "not tested"
IN_SHARED_RUNS = "estimated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interacting:
    """A stack's effect minus the sum of its parts', with the 95 % interval that decides the kind."""

    kind: str
    difference: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a hypothesis said before it was tested. ``predicted`` is an 80 % interval."""

    source: str
    statement: str
    citation: str
    predicted: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One experiment with its verdict, or one hypothesis that never ran. Effects are improvements, positive = better.

    ``effect`` is shrunk where it was used to choose; ``raw`` is what was measured, with its own 95 % interval where that can be told.
    """

    name: str
    change: str
    phase: str
    verdict: str
    parts: tuple[str, ...] = ()  # of the change, one a setting or patch
    effect: Effect | None = None
    raw: Effect | None = None
    p_value: float | None = None
    seeds: int = 0
    fidelity: str = ""
    cost_ms: int = 0
    flags: tuple[str, ...] = ()
    reason: str = ""
    claim: Claim | None = None
    interacting: Interacting | None = None

    @property
    def measured(self) -> bool:
        return self.effect is not None and self.verdict != Verdict.DROPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How well effects were predicted: how many measured ones lay in their 80 % interval, and the median of predicted minus measured."""

    inside: int
    scored: int
    optimism: float


def tried(c: Campaign) -> tuple[Tried, ...]:
    """Return everything that has a verdict, then every hypothesis that has none; the best first within each."""
    found = sorted((_found(c, f) for f in c.findings.values()), key=_best_first)
    told = {s.hypothesis: s for s in shared(c)}
    alone = {f.hypotheses[0] for f in c.findings.values() if len(f.hypotheses) == 1 and f.phase is Phase.VALIDATION}
    rest = [h for h in c.hypotheses.values() if h.id not in alone]
    members = sorted((_member(h, told[h.id]) for h in rest if h.id in told), key=_best_first)
    return (*found, *members, *(_untested(c, h) for h in rest if h.id not in told))


def calibration(rows: tuple[Tried, ...]) -> Calibration:
    """Score predictions against what was measured, unshrunk: a shrunk effect has its prediction in it."""
    pairs = [(t.claim.predicted, t.raw.value) for t in rows if t.claim and t.raw and t.measured]
    inside = sum(1 for predicted, raw in pairs if predicted.low <= raw <= predicted.high)
    off = median([predicted.value - raw for predicted, raw in pairs] or [0.0])
    return Calibration(inside=inside, scored=len(pairs), optimism=off)


def _best_first(t: Tried) -> tuple[bool, float]:
    return not t.measured, -t.effect.value if t.effect else 0.0


def _found(c: Campaign, f: Finding) -> Tried:
    e = c.experiments[f.experiment]
    alone = [c.hypotheses[h] for h in f.hypotheses if h in c.hypotheses]
    about = alone[0] if len(alone) == 1 and f.phase is Phase.VALIDATION else None
    dropped = f.verdict is Verdict.DROPPED
    return Tried(
        name=about.id if about else f.experiment,
        change=line(str(e.change)),
        phase=f.phase,
        verdict=f.verdict,
        parts=parts_of(e.change),
        effect=None if dropped else f.effect,
        raw=None if dropped else _raw(c, f),
        p_value=f.p_value,
        seeds=f.seeds,
        fidelity=f.fidelity,
        cost_ms=_cost(c, f),
        flags=tuple(str(x).replace("_", " ") for x in f.flags),
        reason=line(_why(f)),
        interacting=_interacting(c, f),
        claim=_claim(about) if about else None,
    )


def _claim(h: Hypothesis) -> Claim:
    return Claim(source=str(h.source), statement=line(h.statement), citation=line(h.citation), predicted=h.predicted)


def _member(h: Hypothesis, told: Shared) -> Tried:
    """Return a hypothesis that only shared runs speak of: an estimate from all runs together, without a verdict of its own."""
    return Tried(
        name=h.id,
        change=line(str(h.change)),
        phase=Phase.VALIDATION,
        verdict=IN_SHARED_RUNS,
        parts=parts_of(h.change),
        effect=told.believed,
        raw=told.raw,
        seeds=told.runs,
        reason=f"told from {told.runs} run{'s' * (told.runs != 1)} that it shared with other ideas; no verdict of its own",
        claim=_claim(h),
    )


def _untested(c: Campaign, h: Hypothesis) -> Tried:
    rejected = c.rejected.get(h.id)
    why = "not reached" if rejected is None else f"rejected: {line(rejected)}" if rejected else "rejected by a person"
    change = line(str(h.change))
    return Tried(name=h.id, change=change, phase=Phase.VALIDATION, verdict=NOT_TESTED, reason=why, claim=_claim(h))


def parts_of(change: Change) -> tuple[str, ...]:
    """Return each setting and each patch of a change by itself, as text."""
    settings = (str(Change(overrides=(pair,))) for pair in change.overrides)
    return (*(line(s) for s in settings), *(str(Change(patches=(p,))) for p in change.patches))


def _why(f: Finding) -> str:
    """Return a finding's reason without the numbers that stand beside it."""
    return f.reason.partition("; ")[2] if f.reason.startswith("measured ") else f.reason


def _cost(c: Campaign, f: Finding) -> int:
    own = (key for key in c.runs_of.get(f.experiment, ()) if c.replicates[key].phase is f.phase)
    return sum(c.costs.get(key, 0) for key in own)


def _rows(f: Finding) -> Rows:
    return Rows.TEST if f.phase is Phase.CONFIRMATION else Rows.JUDGE


def _raw(c: Campaign, f: Finding) -> Effect:
    known = c.comparison(f.experiment, c.setup.primary, _rows(f))
    if known is None:
        return Effect(value=f.raw, low=f.raw, high=f.raw)
    low, high = score(known, noise_of(c, known)).interval()
    return Effect(value=f.raw, low=low + f.raw - known.effect, high=high + f.raw - known.effect)


def noise_of(c: Campaign, like: Comparison) -> Pool:
    """Return the seed noise of the arms that are measured as ``like`` is; on test rows calibration's stands beside it."""
    fidelity = c.experiments[like.experiment].fidelity
    name = f"noise of {like.metric} on {like.rows} in {like.slice!r} at {fidelity}"
    return c.once(name, lambda: _noise(c, like, fidelity))


def _noise(c: Campaign, like: Comparison, fidelity: str) -> Pool:
    alike = [
        x
        for x in c.comparisons.values()
        if (x.rows, x.metric, x.slice) == (like.rows, like.metric, like.slice)
        and c.experiments[x.experiment].fidelity == fidelity
    ]
    known = c.noise is not None and like.rows is Rows.TEST and like.metric == c.setup.primary and not like.slice
    return (
        pool_of(alike, c.calibrated.sd_of(fidelity), float(c.calibrated.degrees_of_freedom))
        if known
        else pool_of(alike)
    )


def _interacting(c: Campaign, f: Finding) -> Interacting | None:
    """Return how a stack's parts act on each other, where all of them were measured at the same fidelity."""
    if f.phase is not Phase.COMBINATION or len(f.hypotheses) < 2:
        return None
    singles = [x for h in f.hypotheses if (x := _single(c, h, f.fidelity)) is not None]
    arms = [(x, y) for x in (f, *singles) if (y := c.comparison(x.experiment, c.setup.primary)) is not None]
    if len(arms) < 1 + len(f.hypotheses):
        return None
    pool = noise_of(c, arms[0][1])
    stack, *parts = (replace(score(y, pool), effect=x.raw) for x, y in arms)
    found = interaction(stack, parts, mean_of(arms[0][1].baseline_seeds, pool).variance)
    difference = Effect(value=found.estimate.effect, low=found.low, high=found.high)
    return Interacting(kind=str(found.kind), difference=difference)


def _single(c: Campaign, h: HypothesisId, fidelity: str) -> Finding | None:
    alone = (f for f in c.findings.values() if f.hypotheses == (h,) and f.phase is Phase.VALIDATION)
    return next((f for f in alone if f.fidelity == fidelity and f.verdict is not Verdict.DROPPED), None)
