"""What a report says, as values: each number stands in the campaign's journal or follows from it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rea.domain import event as e
from rea.domain.campaign import Campaign, JobRecord
from rea.domain.event import Recorded
from rea.domain.evidence import Finding, Flag, Verdict
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Effect, Hypothesis
from rea.domain.job import JobState
from rea.domain.runbook import Cause
from rea.domain.workload import MetricName

SECRET = re.compile(r"(?i)((?:api[_-]?key|token|secret|password|authorization)\s*[=:]\s*)\S+")
LOG_LINES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One experiment with its verdict. Effects are relative improvements, positive = better."""

    change: str
    phase: str
    verdict: str
    effect: Effect
    raw: float
    seeds: int
    fidelity: str
    cost_s: float
    flags: tuple[str, ...]
    reason: str
    source: str = ""
    statement: str = ""
    citation: str = ""
    predicted: Effect | None = None
    interaction: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """One job that failed, and what was done about it."""

    job: str
    change: str
    state: str
    reason: str
    entry: str
    remedy: str
    why: str
    blames: bool
    log: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Device-seconds of one phase: what the plan expected, with its interval, and what it was."""

    phase: str
    planned: float
    low: float
    high: float
    spent: float
    jobs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a report shows."""

    campaign: Campaign
    metric: str
    lower_is_better: bool
    headline: str
    detail: tuple[str, ...]
    tried: tuple[Tried, ...]
    confirmed: tuple[Tried, ...]
    failed: tuple[Failed, ...]
    spending: tuple[Spending, ...]
    progress: tuple[tuple[float, float], ...]  # device-seconds spent, best shrunk effect so far
    predicted_hits: tuple[int, int]  # measured effects inside their predicted interval, and how many were measured
    guardrails: tuple[tuple[str, str, float, float, float], ...]
    decisions: tuple[str, ...]
    reproduce: tuple[str, ...]

    @property
    def singles(self) -> tuple[Tried, ...]:
        return tuple(t for t in self.tried if t.predicted is not None)


def facts_of(c: Campaign, recorded: Sequence[Recorded]) -> Facts:
    """Return the facts of a campaign, finished or not."""
    tried = tuple(_tried(c, f) for f in c.findings.values() if f.phase is not Phase.CONFIRMATION)
    measured = [t for t in tried if t.predicted is not None and t.verdict != Verdict.DROPPED]
    hits = sum(1 for t in measured if t.predicted and t.predicted.low <= t.raw <= t.predicted.high)
    metric = c.workload.primary if c.workload else MetricName.NE
    return Facts(
        campaign=c,
        metric=metric.value.upper().replace("_", " "),
        lower_is_better=not metric.larger_is_better,
        headline=headline(c),
        detail=detail(c),
        tried=tried,
        confirmed=tuple(_tried(c, f) for f in c.findings.values() if f.phase is Phase.CONFIRMATION),
        failed=tuple(_failed(r) for r in c.jobs.values() if r.state in (JobState.FAILED, JobState.LOST) or r.refused),
        spending=spending(c),
        progress=progress(c, recorded),
        predicted_hits=(hits, len(measured)),
        guardrails=guardrails(c),
        decisions=tuple(decision(r) for r in recorded if decision(r)),
        reproduce=reproduce(c),
    )


def signed(effect: float) -> str:
    """Return a relative change of the metric with its sign."""
    return f"{effect:+.2%}".replace("%", " %")


def headline(c: Campaign) -> str:
    """Return the one sentence an engineer reads first."""
    p = c.proposal
    if p is None:
        return f"The campaign is not over: {c.stopped or c.paused or 'it is running'}."
    if p.finding is None:
        return f"Nothing to launch: {p.reason}."
    sign = -1 if not c.setup.primary.larger_is_better else 1
    low, high = sorted((sign * p.finding.effect.low, sign * p.finding.effect.high))
    reach = f", {p.reach:.0%} of the reachable improvement".replace("%", " %") if p.reach is not None else ""
    what = f"{p.change} changes {c.setup.primary.upper()} by {signed(sign * p.finding.effect.value)} [{signed(low)}, {signed(high)}]"
    verb = "Worth launching" if p.outcome == "winner" else "Needs a person before anything is launched"
    return f"{verb}: {what} on the sealed test rows{reach}."


def detail(c: Campaign) -> tuple[str, ...]:
    """Return what stands under the headline."""
    lines = [f"Outcome: {c.proposal.outcome}, {c.proposal.reason}."] if c.proposal else []
    if (
        c.proposal
        and c.proposal.finding
        and c.proposal.baseline_test is not None
        and c.proposal.candidate_test is not None
    ):
        bound = f"; best reachable {c.proposal.bound_test:.4f}" if c.proposal.bound_test is not None else ""
        lines.append(
            f"Test {c.setup.primary.upper()}: baseline {c.proposal.baseline_test:.4f}, candidate {c.proposal.candidate_test:.4f}{bound}."
        )
        lines.append(f"{c.proposal.finding.seeds} fresh seeds an arm; the interval holds for all finalists together.")
    if c.opening is not None:
        lines.append(
            f"Opening number {c.opening.number} of these test rows, which may err with probability {c.opening.alpha:.3g}."
        )
    if c.checklist is not None:
        lines.append(f"Seal level of the labels: {c.checklist.seal.replace('_', ' ')}.")
    if c.noise is not None:
        n = c.noise
        lines.append(
            f"Noise floor: {n.sd_of(c.setup.full.name):.2%} between seeds, {n.row_sd:.2%} from rows; detectable: {n.detectable:.2%}."
        )
    return tuple(lines)


def _tried(c: Campaign, f: Finding) -> Tried:
    e_ = c.experiments[f.experiment]
    known: list[Hypothesis] = [c.hypotheses[h] for h in e_.hypotheses if h in c.hypotheses]
    only = known[0] if len(known) == 1 and f.phase is Phase.VALIDATION else None
    return Tried(
        change=str(e_.change),
        phase=str(f.phase),
        verdict=str(f.verdict),
        effect=f.effect,
        raw=f.raw,
        seeds=f.seeds,
        fidelity=f.fidelity,
        cost_s=sum(r.cost_ms for r in c.jobs.values() if r.job.experiment == f.experiment) / 1000,
        flags=tuple(str(x) for x in f.flags if x is not Flag.SELECTED),
        reason=f.reason,
        source=str(only.source) if only else "",
        statement=only.statement if only else "",
        citation=only.citation if only else "",
        predicted=only.predicted if only else None,
        interaction=interaction(c, f),
    )


def interaction(c: Campaign, f: Finding) -> str:
    """Return how a stack compares with the sum of its parts, where all of them were measured."""
    parts = c.experiments[f.experiment].hypotheses
    if f.phase is not Phase.COMBINATION or f.verdict is Verdict.DROPPED or len(parts) < 2:
        return ""
    singles = [
        x.raw
        for x in c.findings.values()
        if x.phase is Phase.VALIDATION and len(x.hypotheses) == 1 and x.hypotheses[0] in parts
    ]
    if len(singles) != len(parts):
        return ""
    return f"{f.raw - sum(singles):+.2%} against the sum of its parts".replace("%", " %")


def _failed(r: JobRecord) -> Failed:
    t = r.treatment
    tail = "\n".join((r.status.log_tail if r.status else "").splitlines()[-LOG_LINES:])
    return Failed(
        job=r.job.id,
        change=str(r.job.change),
        state=str(r.state),
        reason=f"predictions refused: {r.refused}" if r.refused else (r.status.reason if r.status else ""),
        entry=t.entry if t else "not treated yet",
        remedy=str(t.remedy) if t else "",
        why=t.reason if t else "",
        blames=t is not None and t.cause is Cause.TREATMENT,
        log=SECRET.sub(r"\1[redacted]", tail),
    )


def spending(c: Campaign) -> tuple[Spending, ...]:
    """Return planned and actual cost by phase."""
    found = []
    for phase in Phase:
        jobs = [r for r in c.jobs.values() if r.job.phase is phase]
        plan = c.plan.phase(phase) if c.plan else None
        if not jobs and plan is None:
            continue
        planned, low, high = (plan.cost_ms, plan.low_ms, plan.high_ms) if plan else (0, 0, 0)
        spent = sum(r.cost_ms for r in jobs) / 1000
        found.append(
            Spending(
                phase=str(phase), planned=planned / 1000, low=low / 1000, high=high / 1000, spent=spent, jobs=len(jobs)
            )
        )
    return tuple(found)


def progress(c: Campaign, recorded: Sequence[Recorded]) -> tuple[tuple[float, float], ...]:
    """Return the best measured improvement against device-seconds spent, from the order of events."""
    spent, best, steps = 0.0, 0.0, [(0.0, 0.0)]
    for event in (r.event for r in recorded):
        if isinstance(event, e.JobEnded):
            spent += event.cost_ms / 1000
        elif isinstance(event, e.PhaseClosed):
            best = max([best, *(f.effect.value for f in event.findings if f.verdict is not Verdict.DROPPED)])
            steps.append((spent, best))
    return tuple(steps)


def guardrails(c: Campaign) -> tuple[tuple[str, str, float, float, float], ...]:
    """Return the guardrails of what is proposed."""
    f = c.proposal.finding if c.proposal else None
    return tuple((g.guardrail, g.outcome, g.value, g.low, g.high) for g in f.guardrails) if f else ()


def decision(r: Recorded) -> str:
    """Return one line about what a person did, or nothing."""
    match r.event:
        case e.ChecklistSigned(approval=a) | e.PlanApproved(approval=a):
            what = "signed the checklist" if isinstance(r.event, e.ChecklistSigned) else "approved the plan"
            return f"{a.at}: {a.by} {what} {a.subject[:16]}, granting {a.granted_ms / 1000:.0f} device-seconds"
        case e.HypothesisAmended(by=by, hypothesis=h):
            return f"{r.at[:19]}: {by} amended the plan with {h.change}"
        case e.HypothesisRejected(by=by, hypothesis=name, reason=reason):
            return f"{r.at[:19]}: {by} rejected {name} {reason}".rstrip()
        case e.Paused(by=by, reason=reason):
            return f"{r.at[:19]}: {by} paused: {reason}"
        case e.Resumed(by=by) | e.Stopped(by=by) | e.Steered(by=by):
            return f"{r.at[:19]}: {by} {type(r.event).__name__.lower()}"
        case _:
            return ""


def reproduce(c: Campaign) -> tuple[str, ...]:
    """Return what someone else needs to run the confirming jobs again."""
    if c.workload is None:
        return ()
    lines = [f"repository {c.repository} at commit {c.commit}", f"workload {c.workload_digest}"]
    if c.checklist is not None:
        lines += [f"data {c.checklist.data}", f"test rows {c.checklist.test_rows}", f"judge {c.checklist.judge}"]
    if c.plan is not None:
        lines.append(f"plan {c.plan_digest}")
    if c.proposal is not None and c.proposal.experiment is not None:
        jobs = [
            r.job
            for r in c.jobs.values()
            if r.job.experiment == c.proposal.experiment and r.job.phase is Phase.CONFIRMATION
        ]
        lines.append("overrides " + " ".join(f"{n}={v}" for n, v in c.proposal.change.overrides))
        lines.append("seeds " + " ".join(str(j.seed) for j in jobs))
    return (*lines, f"events: rea query -c {c.id} events > campaign.jsonl")
