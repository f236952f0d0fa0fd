"""What else the proposal does: every other metric, the slices, and the guardrails."""

from dataclasses import dataclass

from rea.domain.campaign import Campaign
from rea.domain.evidence import Comparison, Rows
from rea.domain.hypothesis import Effect
from rea.report.facts.tried import noise_of
from rea.report.foreign import line
from rea.statistics.score import score

BETTER, WORSE, UNCLEAR = "better", "worse", "no difference shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One metric of what is proposed, on all rows or on one slice: an improvement (positive = better) with its 95 % interval."""

    metric: str
    slice: str
    rows: str
    row_count: int
    baseline: float
    candidate: float
    effect: Effect
    says: str


def compared(c: Campaign) -> tuple[Compared, ...]:
    """Return everything that was compared of the proposed experiment, test rows if they were opened; whole first, the worst slice next."""
    of = c.proposal.experiment if c.proposal else None
    mine = [x for x in c.comparisons.values() if x.experiment == of]
    rows = Rows.TEST if any(x.rows is Rows.TEST for x in mine) else Rows.JUDGE
    found = [_compared(c, x) for x in mine if x.rows is rows]
    return tuple(sorted(found, key=lambda x: (bool(x.slice), x.metric, x.effect.value)))


def _compared(c: Campaign, x: Comparison) -> Compared:
    low, high = score(x, noise_of(c, x)).interval()
    return Compared(
        metric=x.metric.upper().replace("_", " "),
        slice=line(x.slice),
        rows=x.rows,
        row_count=x.row_count,
        baseline=x.baseline_value,
        candidate=x.value,
        effect=Effect(value=x.effect, low=low, high=high),
        says=BETTER if low > 0 else WORSE if high < 0 else UNCLEAR,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A guardrail of the proposal as it came out; ``relative`` says that its numbers are improvements, else they are values."""

    name: str
    outcome: str
    found: Effect
    relative: bool


def guardrails(c: Campaign) -> tuple[Guarded, ...]:
    """Return the guardrails of what is proposed."""
    proposed = c.proposal.finding if c.proposal else None
    margins = {str(g) for g in c.workload.guardrails if g.margin is not None} if c.workload else set()
    return tuple(
        Guarded(
            name=line(g.guardrail),
            outcome=g.outcome,
            found=Effect(value=g.value, low=g.low, high=g.high),
            relative=g.guardrail in margins,
        )
        for g in (proposed.guardrails if proposed else ())
    )
