"""What can be read of a campaign: values for faces to show. Nothing here changes anything."""

from dataclasses import dataclass

from rea.domain.campaign import Campaign, JobRecord
from rea.domain.errors import UsageError
from rea.domain.event import Recorded
from rea.domain.evidence import Finding, Verdict
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Effect
from rea.domain.ids import HypothesisId, JobId
from rea.domain.proposal import Outcome
from rea.planner.ablation import shared
from rea.report.facts.failures import in_shadow

SCHEMA = "rea/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A campaign in a few numbers. Seconds are device time; effects are relative improvements, positive = better."""

    campaign: str
    state: str  # checking, waiting_for_signature, calibrating, waiting_for_approval, running, paused, stopped, winner, no_winner, needs_a_person
    phase: str
    round: int
    waiting_for: str
    granted_s: float
    spent_s: float
    held_s: float
    budget_s: float
    running: int
    experiments: int
    jobs: int
    failures: int
    best: str
    best_effect: Effect | None
    best_seeds: int
    seal: str
    human_touches: int
    baseline: float | None
    detectable: float | None
    digest: str  # of what waits for a decision
    tokens: int  # that a language model used, or that are held for it
    tokens_granted: int
    money: float


def status(c: Campaign, waiting_for: str) -> Status:
    """Return where a campaign stands."""
    best = best_finding(c)
    return Status(
        campaign=c.id,
        state=state(c),
        phase=phase(c),
        round=c.round,
        waiting_for=waiting_for,
        granted_s=c.ledger.granted / 1000,
        spent_s=c.ledger.spent / 1000,
        held_s=c.ledger.held / 1000,
        budget_s=c.budget_ms / 1000,
        running=sum(1 for j in c.open_jobs if not c.jobs[j].state.ended),
        experiments=len(c.experiments),
        jobs=len(c.jobs),
        failures=c.failed,
        best=str(c.experiments[best.experiment].change) if best else "",
        best_effect=best.effect if best else None,
        best_seeds=best.seeds if best else 0,
        seal=c.checklist.seal if c.checklist else "none",
        human_touches=c.human_touches,
        baseline=c.noise.baseline if c.noise else None,
        detectable=c.noise.detectable if c.noise else None,
        digest=awaited(c),
        tokens=c.tokens.spent + c.tokens.held,
        tokens_granted=c.tokens.granted,
        money=(c.money.spent + c.money.held) / 1e6,
    )


def state(c: Campaign) -> str:
    """Return the one word for where a campaign stands."""
    if c.proposal is not None:
        return str(c.proposal.outcome)
    if c.stopped or c.paused:
        return "stopped" if c.stopped else "paused"
    if c.signed is None:
        return "waiting_for_signature" if c.checklist else "checking"
    if c.plan is None:
        return "calibrating"
    return "running" if c.approved else "waiting_for_approval"


def phase(c: Campaign) -> str:
    """Return the phase in progress."""
    open_ = [r for r in c.phases.values() if not r.closed]
    return str(open_[-1].phase) if open_ else str(list(c.phases.values())[-1].phase) if c.phases else ""


def awaited(c: Campaign) -> str:
    """Return the digest of what waits for a person, or nothing."""
    if c.ended or c.stopped:
        return ""
    if c.signed is None:
        return c.checklist.digest if c.checklist else ""
    return c.plan_digest if c.plan is not None and not c.approved else ""


def best_finding(c: Campaign) -> Finding | None:
    """Return the confirmed finding if there is one, else the best of the last phase that found something better."""
    if c.proposal is not None and c.proposal.finding is not None:
        return c.proposal.finding
    good = [
        f for f in c.findings.values() if f.verdict in (Verdict.SUPPORTED, Verdict.INCONCLUSIVE) and f.effect.value > 0
    ]
    confirmed = [f for f in good if f.phase is Phase.CONFIRMATION]
    return max(confirmed or good, key=lambda f: f.effect.value, default=None)


def failures(c: Campaign) -> list[JobRecord]:
    """Return the jobs that failed, were lost, or whose predictions were refused."""
    return [r for r in c.jobs.values() if r.failed]


def handled(c: Campaign) -> int:
    """Return how many failures the runbook knew, and dealt with."""
    return sum(1 for r in failures(c) if r.treatment is not None and r.treatment.entry != "unknown")


def exit_code(c: Campaign) -> int:
    """Return the documented exit code of where a campaign stands."""
    if c.proposal is not None:
        return {Outcome.WINNER: 0, Outcome.STOPPED: 0, Outcome.NEEDS_A_PERSON: 12}.get(c.proposal.outcome, 14)
    return {"waiting_for_signature": 10, "waiting_for_approval": 10, "paused": 12, "stopped": 12}.get(state(c), 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why something is as it is: one sentence, then the recorded events that say so."""

    subject: str
    sentence: str
    events: tuple[tuple[int, str, str], ...]  # seq, time, key


def why(c: Campaign, history: tuple[Recorded, ...], subject: str) -> Why:
    """Return the reason for a campaign's state, a hypothesis, an experiment or a job, by its id.

    Raises:
        UsageError: nothing is called so.
    """
    sentence = (
        _campaign(c)
        if subject in ("", c.id)
        else _hypothesis(c, subject) or _experiment(c, subject) or _job(c, subject) or _node(c, subject)
    )
    if not sentence:
        raise UsageError(
            f"nothing in {c.id} is called {subject!r}", "ids stand in rea plan, rea status --json and rea query"
        )
    names = {subject} | {e.id for e in c.experiments.values() if subject in e.hypotheses}
    told = [r for r in history if any(n and n in r.key for n in names)] or list(history[-5:])
    return Why(subject=subject or c.id, sentence=sentence, events=tuple((r.seq, r.at, r.key) for r in told))


def _campaign(c: Campaign) -> str:
    if c.proposal is not None:
        return f"{c.proposal.outcome}: {c.proposal.reason}"
    return c.stopped or c.paused or f"{state(c)}, in {phase(c) or 'no phase yet'}"


def _hypothesis(c: Campaign, name: str) -> str:
    if name in c.rejected:
        return f"rejected: {next(r for h, r in c.rejected.items() if h == name)}"
    found = next((h for h in c.hypotheses.values() if h.id == name), None)
    if found is None:
        return ""
    verdicts = [f for f in c.findings.values() if f.hypotheses == (found.id,)]
    said = "; ".join(f"{f.phase}: {f.verdict} ({f.reason})" for f in verdicts) or _in_shared_runs(c, found.id)
    origin = f"{found.source}, {found.technique or 'no technique'} [{found.citation or 'no citation'}]"
    return f"{found.statement} Because: {found.rationale} From {origin}. Wrong if: {found.falsifier} Found: {said}"


def _in_shared_runs(c: Campaign, name: HypothesisId) -> str:
    told = next((s for s in shared(c) if s.hypothesis == name), None) if c.noise is not None else None
    if told is None:
        return "not tested yet"
    e = told.believed
    return f"{e.value:+.2%} [{e.low:+.2%}, {e.high:+.2%}] estimated from {told.runs} runs that it shared, no verdict of its own"


def _experiment(c: Campaign, name: str) -> str:
    e = next((e for e in c.experiments.values() if e.id == name), None)
    if e is None:
        return ""
    dropped = next((reason for x, reason in c.dropped.items() if x == name), "")
    verdicts = [f"{f.phase}: {f.verdict} ({f.reason})" for f in c.findings.values() if f.experiment == name]
    return f"{e.change} at {e.fidelity}: " + ("; ".join(verdicts) or dropped or "no verdict yet")


def _job(c: Campaign, name: str) -> str:
    r = c.jobs.get(JobId(name))
    if r is None:
        return ""
    end = f"{r.state} {r.status.reason if r.status else ''}".strip()
    shadow = "".join(f"; {told}" for told in in_shadow(c, r))
    treated = f"; {r.treatment.entry}: {r.treatment.remedy}, {r.treatment.reason}" if r.treatment else ""
    refused = f"; predictions refused: {r.refused}" if r.refused else ""
    return f"{r.job.change} at {r.job.fidelity}, seed {r.job.seed}, {r.cost_ms / 1000:.1f} device-seconds: {end}{refused}{treated}{shadow}"


def _node(c: Campaign, name: str) -> str:
    record = c.nodes.get(name)
    if record is None:
        return ""
    bad = f"{sum(record.failed)} of its latest {len(record.failed)} jobs failed for reasons that lie in no treatment"
    return "; ".join((*record.told, "set aside now" if record.until else bad))
