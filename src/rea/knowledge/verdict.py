"""Verdicts from comparisons. Pure.

``select`` judges the phases that choose: many looks, many hypotheses, a false discovery rate, effects shrunk. ``confirm`` judges the one phase that
claims: named finalists, fresh seeds, test rows, Holm, simultaneous intervals, nothing shrunk. Both say

* *supported*: the adjusted p-value is small and the effect positive (or: quality is not worse than the margin and the cost is lower);
* *refuted*: as clearly worse (or: worse than the margin, or dearer), which "no better" alone never is;
* *inconclusive*: all else, and whatever rests on one seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rea.domain.evidence import Comparison, Finding, Flag, GuardrailResult, Verdict
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Aim, Effect
from rea.domain.ids import HypothesisId
from rea.domain.workload import MetricName
from rea.statistics.effects import Estimate
from rea.statistics.multiplicity import adjust_for_looks, benjamini_hochberg, holm
from rea.statistics.score import relative, score, score_cost, score_value
from rea.statistics.shrinkage import Posterior, shrink
from rea.statistics.variance import Pool

SURPRISE = 6.0  # prior and measurement errors away from what was predicted
SCEPTICAL = Effect(value=0.0, low=-0.01, high=0.01)
PREDICTED = 2.5631  # width of an 80 % normal interval in standard deviations


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One experiment to judge. ``prior`` is the predicted effect (an 80 % interval); costs are device-seconds of single jobs."""

    comparison: Comparison
    hypotheses: tuple[HypothesisId, ...] = ()
    prior: Effect = SCEPTICAL
    aim: Aim = Aim.QUALITY
    cost: tuple[float, ...] = ()
    baseline_cost: tuple[float, ...] = ()
    guardrails: tuple[GuardrailResult, ...] = ()

    @property
    def seeds(self) -> int:
        return len(self.comparison.seeds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What verdicts of one phase are held to. ``error`` is the false discovery rate of ``select``, the family-wise error of ``confirm``.

    ``margin`` is how much worse (relative) still counts as equal quality, ``bound`` the best reachable value of the metric on the same rows.
    """

    phase: Phase
    fidelity: str
    error: float
    looks: tuple[int, ...] = (1, 2, 4)
    margin: float = 0.002
    bound: float | None = None
    largest_plausible_effect: float = 0.3
    null_share: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An arm with what was made of its comparison. ``better`` and ``worse`` are p-values of the two claims, on a two-sided scale."""

    arm: Arm
    quality: Estimate
    cost: Estimate | None
    better: float
    worse: float


def select(arms: Sequence[Arm], pool: Pool, terms: Terms) -> tuple[Finding, ...]:
    """Judge all hypotheses of a phase that chooses, in the order given: planned looks, then Benjamini and Hochberg, effects shrunk.

    Give every arm that was measured, also those dropped early, or the false discovery rate is that of survivors only.
    """
    readings = [read(arm, pool, terms.margin) for arm in arms]
    better = benjamini_hochberg([adjust_for_looks(r.better, r.arm.seeds, terms.looks) for r in readings])
    worse = benjamini_hochberg([adjust_for_looks(r.worse, r.arm.seeds, terms.looks) for r in readings])
    return tuple(
        selected(replace(r, better=b, worse=w), believed, pool, terms)
        for r, b, w, believed in zip(readings, better, worse, believe(readings, terms), strict=True)
    )


def confirm(arms: Sequence[Arm], pool: Pool, terms: Terms) -> tuple[Finding, ...]:
    """Judge the finalists, named before, on seeds and rows that no selection has seen: Holm, with simultaneous (Bonferroni) intervals.

    ``terms.error`` is what this opening of the test rows may spend; at 0 the rows are spent and nothing can be confirmed. Where Holm excludes zero
    and the wider interval does not, the interval ends at zero.
    """
    readings = [read(arm, pool, terms.margin) for arm in arms]
    better, worse = holm([r.better for r in readings]), holm([r.worse for r in readings])
    return tuple(
        confirmed(replace(r, better=b, worse=w), pool, terms, family=len(arms))
        for r, b, w in zip(readings, better, worse, strict=True)
    )


def read(arm: Arm, pool: Pool, margin: float) -> Reading:
    """Return an arm's estimates and the p-values of its claim and of the contrary.

    For equal quality at lower cost both parts must hold, so the larger p-value counts; either part's failure refutes.
    """
    quality = score(arm.comparison, pool)
    cost = score_cost(arm.cost, arm.baseline_cost) if arm.cost and arm.baseline_cost else None
    if arm.aim is Aim.QUALITY:
        p = quality.p_value
        return Reading(
            arm=arm,
            quality=quality,
            cost=cost,
            better=p if quality.effect > 0 else 1.0,
            worse=p if quality.effect < 0 else 1.0,
        )
    below = (-quality).above(margin)
    better = 1.0 if cost is None else max(quality.above(-margin), (-cost).above(0.0))
    worse = below if cost is None else 2 * min(below, cost.above(0.0))
    return Reading(arm=arm, quality=quality, cost=cost, better=min(1.0, 2 * better), worse=min(1.0, 2 * worse))


def believe(readings: Sequence[Reading], terms: Terms) -> tuple[Posterior, ...]:
    """Return the campaign's shrunk effects, each toward its own prediction and toward nothing."""
    if not readings:
        return ()
    spread = sum((r.arm.prior.high - r.arm.prior.low) / PREDICTED for r in readings) / len(readings)
    return shrink(
        [r.quality.effect for r in readings],
        [r.quality.se for r in readings],
        [r.arm.prior.value for r in readings],
        max(spread, 1e-6),
        terms.null_share,
    )


def selected(reading: Reading, believed: Posterior, pool: Pool, terms: Terms) -> Finding:
    """Return the finding of an arm in a phase that chooses."""
    low, high = believed.interval()
    verdict = verdict_of(reading, terms.error)
    promising = verdict is Verdict.INCONCLUSIVE and is_promising(reading)
    flags = [Flag.SELECTED, *([Flag.PROMISING] if promising else []), *too_good(reading, pool, terms)]
    return finding(reading, terms, Effect(value=believed.mean, low=low, high=high), verdict, tuple(flags))


def confirmed(reading: Reading, pool: Pool, terms: Terms, family: int) -> Finding:
    """Return the finding of a finalist."""
    verdict = verdict_of(reading, terms.error)
    low, high = reading.quality.interval(1 - (terms.error or 0.05) / family)
    if reading.arm.aim is Aim.QUALITY:
        low = max(low, 0.0) if verdict is Verdict.SUPPORTED else low
        high = min(high, 0.0) if verdict is Verdict.REFUTED else high
    flags = [
        *([Flag.PROMISING] if verdict is Verdict.INCONCLUSIVE and is_promising(reading) else []),
        *too_good(reading, pool, terms),
    ]
    return finding(reading, terms, Effect(value=reading.quality.effect, low=low, high=high), verdict, tuple(flags))


def verdict_of(reading: Reading, error: float) -> Verdict:
    """Return the verdict that adjusted p-values allow; one seed allows none."""
    if reading.arm.seeds < 2:
        return Verdict.INCONCLUSIVE
    if reading.better <= error:
        return Verdict.SUPPORTED
    return Verdict.REFUTED if reading.worse <= error else Verdict.INCONCLUSIVE


def is_promising(reading: Reading) -> bool:
    """Whether an inconclusive arm deserves another look: better on its one seed, or an 80 % interval above zero (or above equality)."""
    if reading.arm.seeds < 2:
        return reading.quality.effect > 0 or reading.arm.aim is Aim.EFFICIENCY
    if reading.arm.aim is Aim.EFFICIENCY:
        return reading.better < 0.2
    return reading.quality.interval(0.8)[0] > 0


def too_good(reading: Reading, pool: Pool, terms: Terms) -> tuple[Flag, ...]:
    """Return the flag that stops an effect nobody should believe.

    It lies beyond what the workload calls plausible, or beats the best reachable value by more than noise, or is more than a third of the
    plausible and ``SURPRISE`` errors above its own prediction.
    """
    effect, prior, most = reading.quality.effect, reading.arm.prior, terms.largest_plausible_effect
    error = (reading.quality.se**2 + ((prior.high - prior.low) / PREDICTED) ** 2) ** 0.5
    jump = effect > most / 3 and effect - prior.value > SURPRISE * error
    return (Flag.TOO_GOOD,) if effect > most or jump or beats_bound(reading.arm.comparison, pool, terms.bound) else ()


def beats_bound(comparison: Comparison, pool: Pool, bound: float | None) -> bool:
    """Whether the candidate's value lies beyond the best reachable one by more than its 95 % interval."""
    metric = MetricName(comparison.metric)
    if bound is None or metric is MetricName.CALIBRATION:
        return False
    low, high = score_value(comparison, pool).interval()
    return low > bound if metric.larger_is_better else high < bound


def finding(reading: Reading, terms: Terms, effect: Effect, verdict: Verdict, flags: tuple[Flag, ...]) -> Finding:
    """Return the finding with everything that the reading knows."""
    arm = reading.arm
    return Finding(
        experiment=arm.comparison.experiment,
        hypotheses=arm.hypotheses,
        phase=terms.phase,
        verdict=verdict,
        effect=effect,
        raw=reading.quality.effect,
        seeds=arm.seeds,
        fidelity=terms.fidelity,
        aim=arm.aim,
        cost=cost_effect(reading.cost),
        p_value=min(reading.better, reading.worse),
        flags=flags,
        guardrails=arm.guardrails,
        reason=reason(reading, terms, verdict),
    )


def cost_effect(cost: Estimate | None) -> Effect | None:
    """Return the relative change of cost with its 95 % interval."""
    if cost is None:
        return None
    low, high = cost.interval()
    return Effect(value=relative(cost.effect), low=relative(low), high=relative(high))


def reason(reading: Reading, terms: Terms, verdict: Verdict) -> str:
    """Return one sentence that says what the verdict rests on."""
    low, high = reading.quality.interval()
    measured = f"measured {reading.quality.effect:+.4f}, 95 % interval {low:+.4f} to {high:+.4f}, over {reading.arm.seeds} seeds"
    if terms.error <= 0:
        return f"{measured}; the test rows' error budget is spent, so they can rank but not confirm"
    if reading.arm.seeds < 2:
        return f"{measured}; one seed cannot show more, the seed noise is taken from the other arms"
    adjusted = reading.worse if verdict is Verdict.REFUTED else reading.better
    sign = "<=" if adjusted <= terms.error else ">"
    return f"{measured}; adjusted p {adjusted:.3g} {sign} {terms.error:.3g}"


def futile(estimate: Estimate, worthwhile: float, level: float = 0.8) -> bool:
    """Whether even the upper end of the interval is not worth having: stop paying for it, which refutes nothing."""
    return estimate.interval(level)[1] < worthwhile
