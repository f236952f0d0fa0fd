"""The plan: which hypotheses, which phases, at what price. Pure, so that one state always gives one plan and one digest."""

from rea.domain.campaign import Campaign
from rea.domain.experiment import Phase
from rea.domain.ids import Digest
from rea.domain.plan import PhasePlan, Plan
from rea.planner.cost import GROUP, MARGIN, confirmation_seeds, first_rung, full_ms, group_size, run_ms, selection_ms
from rea.planner.screening import groups

VALIDATION_SHARE = 0.40  # of what selection may spend, where every hypothesis is tried alone
SCREENING_SHARE = 0.16  # ... where hypotheses share runs
COMBINATION_SHARE = 0.40
FURTHER = 0.7  # full runs that a hypothesis costs on average beyond its first, cheap one
SPREAD = 0.35  # of a phase's estimate: how far its cost may lie off
MOST_HYPOTHESES = 36
FEWEST_HYPOTHESES = 3
FIRST_RUNS = 4  # shared runs that even a small budget begins with, if they are no more than a quarter of what selection may spend


def wanted_hypotheses(c: Campaign) -> int:
    """Return how many hypotheses Validation pays for, each sharing a run with others where the budget is short."""
    runs = selection_ms(c) / full_ms(c)
    shared = max(int(runs * SCREENING_SHARE), min(FIRST_RUNS, int(runs / 4)))
    return max(FEWEST_HYPOTHESES, min(MOST_HYPOTHESES, GROUP * shared))


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
    runs, validating = _validation(c, pool)
    combining = round(pool * COMBINATION_SHARE)
    refining = max(0, pool - validating - combining)
    seeds = confirmation_seeds(c)
    arms = c.policy.finalists + 1
    return (
        _priced(Phase.VALIDATION, runs, runs if count > runs else 2 * runs, validating, _how(c, count, runs)),
        _priced(
            Phase.COMBINATION,
            combining // full,
            combining // full,
            combining,
            "stack what works, leave out what does not: every run is planned on what those before it told",
        ),
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


def _validation(c: Campaign, pool: int) -> tuple[int, int]:
    """Return the experiments of Validation and what they are expected to cost."""
    found = groups(tuple(c.hypotheses.values()), group_size(c))
    cheap, full = run_ms(c, first_rung(c).name), full_ms(c)
    alone = sum(g[0].cost for g in found if len(g) == 1) * (cheap + FURTHER * full)
    shared = sum(len(g) > 1 for g in found) * full
    return len(found), min(round(alone + shared), round(pool * VALIDATION_SHARE / (1 - SPREAD)))


def _how(c: Campaign, count: int, runs: int) -> str:
    alone = f"each hypothesis alone, first at {first_rung(c).name}, more seeds where they decide"
    return (
        alone
        if runs == count
        else f"{count} hypotheses in {runs} runs that they share: what each adds is told from all runs together"
    )


def _priced(phase: Phase, experiments: int, jobs: int, cost_ms: int, purpose: str) -> PhasePlan:
    low, high = round(cost_ms * (1 - SPREAD)), round(cost_ms * (1 + SPREAD))
    return PhasePlan(
        phase=phase, experiments=experiments, jobs=jobs, cost_ms=cost_ms, low_ms=low, high_ms=high, purpose=purpose
    )
