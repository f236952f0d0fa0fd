"""The plan: which hypotheses, which phases, at what price. Pure, so that one state always gives one plan and one digest."""

from math import exp

from rea.domain.campaign import Campaign
from rea.domain.experiment import Phase
from rea.domain.ids import Digest
from rea.domain.plan import PhasePlan, Plan
from rea.planner.cost import (
    MARGIN,
    ROUND_RUNS,
    confirmation_seeds,
    first_rung,
    full_ms,
    group_size,
    run_ms,
    screened,
    selection_ms,
)
from rea.planner.screening import groups
from rea.statistics.costs import span

VALIDATION_SHARE = 0.40  # of what selection may spend, where every hypothesis is tried alone
COMBINATION_SHARE = 0.40
FURTHER = 0.7  # full runs that a hypothesis costs on average beyond its first, cheap one
SPREAD = 0.35  # of what a phase is given: how much more it may take while it promises something
MORE, LESS = 1 + SPREAD, 1 - SPREAD
EARLY = 0.5  # of what refining is given: how early it may have nothing better to try


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
        costs=c.cost_error,
    )


def phases(c: Campaign) -> tuple[PhasePlan, ...]:
    """Price each phase: estimate and 80 % interval, in device-milliseconds, as far as earlier runs lay off their prices."""
    pool, full = selection_ms(c), full_ms(c)
    runs, validating = _validation(c, pool)
    combining = round(pool * COMBINATION_SHARE)
    refining = max(0, pool - validating - combining)
    return (
        _validating(c, runs, validating),
        _combining(c, pool - validating, combining),
        _refining(c, refining, max(0, pool - validating - round(MORE * combining)), full),
        _confirming(c, full),
    )


def _validating(c: Campaign, runs: int, cost_ms: int) -> PhasePlan:
    count, likely = min(len(c.hypotheses), screened(c)), round(cost_ms * exp(c.cost_error.bias))
    low, high = span(likely, c.cost_error, runs)
    jobs = runs if count > runs else 2 * runs
    return _priced(Phase.VALIDATION, (runs, jobs), (likely, low, high), round(MORE * cost_ms), _how(c, count, runs))


def _combining(c: Campaign, most: int, share: int) -> PhasePlan:
    """Another stack nearly always promises something, so the phase goes on to its cap, or to what it is sure to leave."""
    cap = round(MORE * share)
    likely = min(cap, most)
    runs = int(likely / (full_ms(c) * exp(c.cost_error.bias)))
    wave = c.policy.slots * full_ms(c) / 2  # the last runs are not known to go beyond it before they end
    how = "stack what works, leave out what does not: every run is planned on what those before it told"
    if (more := len(c.hypotheses) - screened(c)) > 0:
        how += f"; {more} more hypotheses are at hand for stacks"
    return _priced(Phase.COMBINATION, (runs, runs), (likely, LESS * likely, likely + wave), cap, how)


def _refining(c: Campaign, share: int, likely: int, full: int) -> PhasePlan:
    """Where what is left would pay for one more round of ideas, that comes first, and little or nothing may be left to refine with."""
    runs = int(likely / (full * exp(c.cost_error.bias)))
    how = "refine the best within what is left"
    if another := likely >= ROUND_RUNS * full:
        how = "a further round of ideas where the sources have some (its runs count as the phases above), else refine the best"
    low = 0.0 if another else EARLY * likely
    return _priced(Phase.EXPLOITATION, (runs, runs), (likely, low, max(likely, share)), round(MORE * share), how)


def _confirming(c: Campaign, full: int) -> PhasePlan:
    """At the least one finalist and as few seeds as confirm anything, at the most all of them, each as dear as a run may be."""
    arms, seeds = c.policy.finalists + 1, confirmation_seeds(c)
    likely = round(arms * seeds * full * exp(c.cost_error.bias))
    low, high = span(likely, c.cost_error, c.policy.finalists)
    low *= 2 / arms
    how = "fresh seeds in full, then the sealed test rows once"
    return _priced(
        Phase.CONFIRMATION, (arms, arms * seeds), (likely, low, high), round(arms * seeds * full * MARGIN), how
    )


def _validation(c: Campaign, pool: int) -> tuple[int, int]:
    """Return the experiments of Validation and what they are expected to cost."""
    found = groups(tuple(c.hypotheses.values())[: screened(c)], group_size(c))
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


def _priced(
    phase: Phase, counts: tuple[int, int], cost: tuple[float, float, float], cap_ms: int, purpose: str
) -> PhasePlan:
    """Return a phase of so many experiments and jobs; ``cost`` is the estimate and its interval."""
    likely, low, high = (round(x) for x in cost)
    return PhasePlan(
        phase=phase,
        experiments=counts[0],
        jobs=counts[1],
        cost_ms=likely,
        low_ms=low,
        high_ms=high,
        purpose=purpose,
        cap_ms=cap_ms,
    )
