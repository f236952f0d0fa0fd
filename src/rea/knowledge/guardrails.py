"""Guardrails are non-inferiority questions: safe, violated, or not shown safe, which a person decides. Pure."""

from collections.abc import Sequence
from math import inf

from rea.domain.evidence import Comparison, GuardrailResult, Safety
from rea.domain.workload import Guardrail
from rea.statistics.effects import Estimate
from rea.statistics.score import relative, score, score_cost, score_number, score_value
from rea.statistics.variance import Pool


def guardrail(
    asked: Guardrail, comparisons: Sequence[Comparison], pools: Sequence[Pool], level: float = 0.95
) -> GuardrailResult:
    """Judge one guardrail on a judge metric: one comparison, or one for every value of the guardrail's slice, with their pools.

    Safe when every slice's interval lies within the margin (each must pass, so no correction is due); violated when some slice's interval lies
    wholly beyond, at a level corrected for the number of slices. The result shows the worst slice. No comparison at all is not shown safe.
    """
    pick = score if asked.margin is not None else score_value
    estimates = [pick(c, pool) for c, pool in zip(comparisons, pools, strict=True)]
    return judge(asked, estimates, level)


def guardrail_on_numbers(
    asked: Guardrail, candidate: Sequence[float], baseline: Sequence[float], level: float = 0.95
) -> GuardrailResult:
    """Judge one guardrail on cost, latency or size: positive numbers, one a job, where less is better.

    Without any number of the candidate (or, for a margin, of the baseline) it is not shown safe.
    """
    if not candidate or (asked.margin is not None and not baseline):
        return judge(asked, [], level)
    if asked.margin is None:
        return judge(asked, [score_number(candidate)], level)
    change = score_cost(candidate, baseline)
    low, high = change.interval(level)
    low, high = -relative(high), -relative(low)
    return GuardrailResult(
        guardrail=str(asked),
        outcome=outcome(asked, (low, high), (low, high)),
        value=-relative(change.effect),
        low=low,
        high=high,
    )


def judge(asked: Guardrail, estimates: Sequence[Estimate], level: float) -> GuardrailResult:
    """Judge estimates of the same kind as the guardrail's limits, one a slice, by the worst."""
    if not estimates:
        return GuardrailResult(guardrail=str(asked), outcome=Safety.NOT_SHOWN_SAFE, value=0.0, low=0.0, high=0.0)
    strict = 1 - (1 - level) / len(estimates)
    results = [(e, e.interval(level), outcome(asked, e.interval(level), e.interval(strict))) for e in estimates]
    worst, (low, high), found = max(results, key=lambda r: (SEVERITY[r[2]], -room(asked, r[1])))
    return GuardrailResult(guardrail=str(asked), outcome=found, value=worst.effect, low=low, high=high)


SEVERITY = {Safety.SAFE: 0, Safety.NOT_SHOWN_SAFE: 1, Safety.VIOLATED: 2}


def limits(asked: Guardrail) -> tuple[float, float]:
    """Return what is allowed: of the relative improvement where a margin is given, else of the value."""
    if asked.margin is not None:
        return -asked.margin, inf
    return (-inf if asked.low is None else asked.low), (inf if asked.high is None else asked.high)


def outcome(asked: Guardrail, plain: tuple[float, float], strict: tuple[float, float]) -> Safety:
    """Return what an interval says; ``strict`` is the wider one that alone may say violated."""
    low, high = limits(asked)
    if low < plain[0] and plain[1] < high:
        return Safety.SAFE
    return Safety.VIOLATED if strict[1] < low or high < strict[0] else Safety.NOT_SHOWN_SAFE


def room(asked: Guardrail, interval: tuple[float, float]) -> float:
    """Return how far an interval stays within the limits; negative where it does not."""
    low, high = limits(asked)
    return min(interval[0] - low, high - interval[1])
