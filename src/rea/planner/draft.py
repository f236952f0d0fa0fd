"""The plan: which hypotheses, which phases, at what price. Pure, so that one state always gives one plan and one digest."""

from math import ceil

from rea.domain.campaign import Campaign
from rea.domain.experiment import Phase
from rea.domain.ids import Digest
from rea.domain.plan import PhasePlan, Plan
from rea.planner.cost import MARGIN, confirmation_seeds, first_rung, full_ms, reserve_ms, run_ms

VALIDATION_SHARE = 0.40  # of what selection may spend
COMBINATION_SHARE = 0.20
FURTHER = 0.7  # full runs that a hypothesis costs on average beyond its first, cheap one
SPREAD = 0.35  # of a phase's estimate: how far its cost may lie off
MOST_HYPOTHESES = 32
FEWEST_HYPOTHESES = 3


def wanted_hypotheses(c: Campaign) -> int:
    """Return how many hypotheses the Validation share pays for: a cheap run each, full runs and further looks for the better part."""
    each = run_ms(c, first_rung(c).name) + FURTHER * full_ms(c)
    return max(FEWEST_HYPOTHESES, min(MOST_HYPOTHESES, int(selection_ms(c) * VALIDATION_SHARE / each)))


def selection_ms(c: Campaign) -> int:
    """Return what is left for choosing once Confirmation is set aside."""
    return max(0, c.budget_ms - c.ledger.spent - reserve_ms(c))


def draft(c: Campaign, runbook: Digest) -> Plan:
    """Return the plan for the hypotheses at hand."""
    assert c.checklist is not None
    return Plan(
        hypotheses=tuple(c.hypotheses.values()),
        phases=phases(c),
        budget_ms=c.budget_ms,
        policy=c.policy,
        checklist=c.checklist.digest,
        runbook=runbook,
        detectable=c.calibrated.detectable,
        price_per_hour=c.setup.price_per_hour,
        calls=c.envelope,
    )


def phases(c: Campaign) -> tuple[PhasePlan, ...]:
    """Price each phase: estimate and interval, in device-milliseconds."""
    pool, full, count = selection_ms(c), full_ms(c), len(c.hypotheses)
    cheap = run_ms(c, first_rung(c).name)
    relative = sum(h.cost for h in c.hypotheses.values())
    validating = min(round(relative * (cheap + FURTHER * full)), round(pool * VALIDATION_SHARE / (1 - SPREAD)))
    stacks = min(2 * ceil(count / 3) + 2, int(pool * COMBINATION_SHARE / full))
    combining = stacks * full
    refining = max(0, pool - validating - combining)
    seeds = confirmation_seeds(c)
    arms = c.policy.finalists + 1
    return (
        _priced(
            Phase.VALIDATION,
            count,
            2 * count,
            validating,
            f"each hypothesis alone, first at {first_rung(c).name}, more seeds where they decide",
        ),
        _priced(Phase.COMBINATION, stacks, stacks, combining, "stack what works; find conflict and synergy"),
        _priced(
            Phase.EXPLOITATION, refining // full, refining // full, refining, "refine the best within what is left"
        ),
        _priced(
            Phase.CONFIRMATION,
            arms,
            arms * seeds,
            round(arms * seeds * full * MARGIN),
            "fresh seeds in full, then the sealed test rows once",
        ),
    )


def _priced(phase: Phase, experiments: int, jobs: int, cost_ms: int, purpose: str) -> PhasePlan:
    low, high = round(cost_ms * (1 - SPREAD)), round(cost_ms * (1 + SPREAD))
    return PhasePlan(
        phase=phase, experiments=experiments, jobs=jobs, cost_ms=cost_ms, low_ms=low, high_ms=high, purpose=purpose
    )
