"""The findings of a phase: every experiment it held gets a verdict, the failed ones too. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from rea.domain.campaign import Campaign, PhaseRecord
from rea.domain.change import BASELINE
from rea.domain.evidence import Comparison, Finding, Flag, GuardrailResult, Rows, Verdict
from rea.domain.experiment import Experiment, Phase, Purpose
from rea.domain.hypothesis import Aim, Effect
from rea.domain.ids import ExperimentId, JobId
from rea.domain.runbook import Cause
from rea.domain.workload import Guardrail, MetricName
from rea.knowledge.dearer import flags
from rea.knowledge.guardrails import guardrail, guardrail_on_numbers
from rea.knowledge.verdict import SCEPTICAL, Arm, Terms, confirm, select
from rea.statistics.score import pool_of, score
from rea.statistics.variance import Pool

NOTHING = Effect(value=0.0, low=0.0, high=0.0)


def findings(c: Campaign, record: PhaseRecord) -> tuple[Finding, ...]:
    """Return the verdicts of a phase that has ended."""
    if record.phase is Phase.CALIBRATION:
        return ()
    own = [c.experiments[e] for e in record.experiments if c.experiments[e].change != BASELINE]
    last = _highest(own)
    measured = [f for fidelity in _fidelities(last) for f in _judge(c, record.phase, fidelity, last)]
    judged = {f.experiment for f in measured}
    return (*measured, *(_dropped(c, record.phase, e) for e in last if e.id not in judged))


def _highest(experiments: list[Experiment]) -> list[Experiment]:
    """Return the experiments without those whose change was promoted to another fidelity after them."""
    latest = {e.change: e.id for e in experiments}
    return [e for e in experiments if latest[e.change] == e.id]


def unshrunk(c: Campaign, finding: Finding) -> Effect | None:
    """Return the estimate that a finding rests on with its 95 % interval, not corrected for selection; None where nothing was compared."""
    rows = Rows.TEST if finding.phase is Phase.CONFIRMATION else Rows.JUDGE
    comparison = c.comparison(finding.experiment, c.setup.primary, rows)
    if comparison is None or finding.verdict is Verdict.DROPPED:
        return None
    found = score(comparison, _pool(c, rows, finding.fidelity))
    low, high = found.interval()
    return Effect(value=found.effect, low=low, high=high)


def _fidelities(experiments: Iterable[Experiment]) -> list[str]:
    return list(dict.fromkeys(e.fidelity for e in experiments))


def _judge(c: Campaign, phase: Phase, fidelity: str, experiments: list[Experiment]) -> tuple[Finding, ...]:
    rows = Rows.TEST if phase is Phase.CONFIRMATION else Rows.JUDGE
    at = [e for e in experiments if e.fidelity == fidelity and e.id not in c.dropped]
    known = {e.id: x for e in at if (x := c.comparison(e.id, c.setup.primary, rows)) is not None}
    arms = [_arm(c, e, known[e.id], phase) for e in at if e.id in known]
    if not arms:
        return ()
    pool = _pool(c, rows, fidelity)
    terms = _terms(c, phase, fidelity, known.values())
    found = confirm(arms, pool, terms) if phase is Phase.CONFIRMATION else select(arms, pool, terms)
    return tuple(_flagged(c, f) for f in found)


def _pool(c: Campaign, rows: Rows, fidelity: str) -> Pool:
    """Return the seed noise of the arms judged together. On test rows calibration stands beside them: other runs, other rows."""
    return c.once(f"noise on {rows} at {fidelity}", lambda: _pooled(c, rows, fidelity))


def _pooled(c: Campaign, rows: Rows, fidelity: str) -> Pool:
    prior = (c.calibrated.sd_of(fidelity), float(c.calibrated.degrees_of_freedom)) if rows is Rows.TEST else (None, 0.0)
    alike = _alike(c, c.setup.primary, rows).get("", ())
    return pool_of((x for x in alike if c.experiments[x.experiment].fidelity == fidelity), *prior)


def _alike(c: Campaign, metric: str, rows: Rows) -> dict[str, list[Comparison]]:
    """Return all comparisons of one metric on the same rows, by slice, gathered once for all arms of a phase."""
    return c.once(f"compared by {metric} on {rows}", lambda: _by_slice(c, metric, rows))


def _by_slice(c: Campaign, metric: str, rows: Rows) -> dict[str, list[Comparison]]:
    found: dict[str, list[Comparison]] = {}
    for x in c.comparisons.values():
        if x.metric == metric and x.rows is rows:
            found.setdefault(x.slice, []).append(x)
    return found


def _terms(c: Campaign, phase: Phase, fidelity: str, known: Iterable[Comparison]) -> Terms:
    claims = phase is Phase.CONFIRMATION
    alpha = c.opening.alpha if c.opening else 0.0
    return Terms(
        phase=phase,
        fidelity=fidelity,
        error=alpha if claims else c.policy.fdr,
        looks=c.policy.looks,
        margin=c.policy.margin,
        bound=next((x.bound for x in known if x.bound is not None), None),
        largest_plausible_effect=c.setup.largest_plausible_effect,
    )


def _arm(c: Campaign, e: Experiment, comparison: Comparison, phase: Phase) -> Arm:
    tested = [c.hypotheses[h] for h in e.hypotheses if h in c.hypotheses]
    only = tested[0] if len(tested) == 1 else None
    return Arm(
        comparison=comparison,
        hypotheses=e.hypotheses,
        prior=only.predicted if only else SCEPTICAL,
        aim=only.aim if only else Aim.QUALITY,
        cost=_costs(c, comparison.jobs),
        baseline_cost=_costs(c, comparison.baseline_jobs),
        guardrails=tuple(_guardrail(c, g, comparison) for g in c.setup.guardrails),
    )


def _costs(c: Campaign, jobs: Iterable[JobId]) -> tuple[float, ...]:
    """Return device-seconds of runs, the rungs they went on from included."""
    return tuple(max(c.run_cost_ms(j), 1) / 1000 for j in jobs)


def _guardrail(c: Campaign, asked: Guardrail, arm: Comparison) -> GuardrailResult:
    if asked.metric not in list(MetricName):
        numbers = _numbers(c, asked.metric, arm.jobs), _numbers(c, asked.metric, arm.baseline_jobs)
        return guardrail_on_numbers(asked, *numbers)
    prefix = f"{asked.slice}=" if asked.slice else ""
    slices = [s for s in _alike(c, asked.metric, arm.rows) if s.startswith(prefix) and bool(s) == bool(prefix)]
    mine = [x for s in slices if (x := c.comparison(arm.experiment, asked.metric, arm.rows, s)) is not None]
    return guardrail(asked, mine, [_pool_in(c, asked.metric, arm.rows, x.slice) for x in mine])


def _pool_in(c: Campaign, metric: str, rows: Rows, slice_: str) -> Pool:
    pooled = _alike(c, metric, rows)[slice_]
    return c.once(f"noise of {metric} on {rows} in {slice_!r}", lambda: pool_of(pooled))


def _numbers(c: Campaign, metric: str, jobs: Iterable[JobId]) -> tuple[float, ...]:
    if metric == "cost":
        return _costs(c, jobs)
    claims = [dict(m.claims) for j in jobs if (m := c.jobs[j].measured) is not None]
    return tuple(claim[metric] for claim in claims if claim.get(metric, 0) > 0)


def _flagged(c: Campaign, finding: Finding) -> Finding:
    """Mark what a remedy altered, for the verdict is then about the altered treatment; and what costs more than was said of it."""
    told = (*([Flag.TREATMENT_CHANGED] if finding.experiment in c.altered else []), *flags(c, finding))
    return replace(finding, flags=(*finding.flags, *told)) if told else finding


def _dropped(c: Campaign, phase: Phase, e: Experiment) -> Finding:
    reason = c.dropped.get(e.id) or _stopped(c, e.id) or "the phase ended before it was measured"
    treated = [t for r in c.jobs_of(e.id) if (t := r.treatment) is not None]
    blameless = not treated or treated[-1].cause is not Cause.TREATMENT
    return Finding(
        experiment=e.id,
        hypotheses=e.hypotheses,
        phase=phase,
        verdict=Verdict.DROPPED,
        effect=NOTHING,
        raw=0.0,
        seeds=len(seeds_of(c, e.id)),
        fidelity=e.fidelity,
        flags=(Flag.UNTESTED,) if blameless else (),
        reason=reason,
    )


def _stopped(c: Campaign, experiment: ExperimentId) -> str:
    """Say what ended a run early, with the error of that; nothing where nothing did."""
    runs = c.runs_of.get(experiment, ())
    told = next((s for key in runs for j in c.attempts.get(key, ()) if (s := c.stopped_runs.get(j)) is not None), None)
    if told is None:
        return ""
    f = told.forecast
    by = f"its own curve and {told.rests_on} finished ones"
    return f"stopped: by {by} it would have ended {f.value:+.2%} [{f.low:+.2%}, {f.high:+.2%}] (99.8 %); no verdict"


def seeds_of(c: Campaign, experiment: ExperimentId) -> list[JobId]:
    """Return the judged selecting jobs of an experiment."""
    mine = [r for r in c.jobs_of(experiment) if r.job.purpose is Purpose.SELECT]
    return [r.job.id for r in mine if r.measured is not None]
