"""What learning should do next: close a phase that has ended, distil what was learnt, conclude. Pure."""

from rea.domain.action import Decision, Distil
from rea.domain.campaign import Campaign
from rea.domain.event import AGENT, Concluded, Event, Paused, PhaseClosed
from rea.domain.evidence import Finding, Flag, Rows, Safety, Verdict
from rea.domain.experiment import Phase
from rea.domain.proposal import Outcome, Proposal
from rea.knowledge.dearer import veto
from rea.knowledge.findings import findings


def decide(c: Campaign) -> Decision:
    """Return the next step of learning."""
    due = next((r for r in c.phases.values() if r.ended and not r.closed), None)
    if due is not None:
        found = findings(c, due)
        closed = PhaseClosed(round=due.round, phase=due.phase, findings=found)
        return Decision(events=(closed, *_suspicions(c, found)))
    if not _confirmed(c):
        return Decision()
    return Decision(events=(Concluded(proposal=proposal(c)),)) if c.learnt else distil()


def meanwhile(c: Campaign) -> Decision:
    """While finalists train, have what was learnt of all others kept, a batch for each run that ended.

    Other campaigns need not wait for it until this one concludes, and the wake that concludes ten thousand experiments has less to do.
    """
    record = c.phase(1, Phase.CONFIRMATION)
    if record is None or record.ended or c.all_others_kept:
        return Decision()
    ended = sum(key in c.scored for key in record.replicates)
    return distil(c.batch + 1) if c.batch < ended < len(record.replicates) else Decision()


def distil(batch: int = 0) -> Decision:
    """Ask for what was learnt to be kept: all of it that is not yet, or a batch without the finalists'."""
    return Decision(actions=(Distil(batch=batch),))


def _confirmed(c: Campaign) -> bool:
    record = c.phase(1, Phase.CONFIRMATION)
    return record is not None and record.closed


def _suspicions(c: Campaign, found: tuple[Finding, ...]) -> tuple[Event, ...]:
    """A result too good to be true stops the campaign until a person has looked."""
    flagged = [f for f in found if Flag.TOO_GOOD in f.flags]
    reason = "too good to be true: {} improves by {:+.1%}; look at it, then `rea resume` or `rea steer --drop`"
    return tuple(
        Paused(
            reason=reason.format(c.experiments[f.experiment].change, f.raw),
            by=AGENT,
            command=f"too-good:{f.experiment}",
        )
        for f in flagged
    )


def proposal(c: Campaign) -> Proposal:
    """Return what to hand the engineer: the best confirmed finalist that no guardrail vetoes."""
    confirmed = [f for f in c.findings.values() if f.phase is Phase.CONFIRMATION and f.verdict is Verdict.SUPPORTED]
    ranked = sorted(confirmed, key=lambda f: -f.raw)
    if not ranked:
        return Proposal(outcome=Outcome.NO_WINNER, reason=_why_none(c))
    clean = [f for f in ranked if not vetoes(c, f)]
    best = (clean or ranked)[0]
    outcome = Outcome.WINNER if clean else Outcome.NEEDS_A_PERSON
    reason = "confirmed on fresh seeds and the sealed test rows" if clean else "; ".join(vetoes(c, best))
    return _propose(c, best, outcome, reason)


def vetoes(c: Campaign, f: Finding) -> tuple[str, ...]:
    """Return why a person has to decide about a supported finding."""
    broken = [
        f"guardrail: {g.guardrail} ({g.outcome}, {g.value:.4g})" for g in f.guardrails if g.outcome == Safety.VIOLATED
    ]
    dear = veto(c, f)
    return (*broken, *(str(flag) for flag in f.flags if flag is Flag.TOO_GOOD), *([dear] if dear else []))


def _propose(c: Campaign, f: Finding, outcome: Outcome, reason: str) -> Proposal:
    test = c.comparison(f.experiment, c.setup.primary, Rows.TEST)
    assert test is not None
    reach = None
    if test.bound is not None and test.bound != test.baseline_value:
        reach = (test.baseline_value - test.value) / (test.baseline_value - test.bound)
    return Proposal(
        outcome=outcome,
        reason=reason,
        experiment=f.experiment,
        change=c.experiments[f.experiment].change,
        finding=f,
        reach=reach,
        baseline_test=test.baseline_value,
        candidate_test=test.value,
        bound_test=test.bound,
    )


def _why_none(c: Campaign) -> str:
    finalists = [f for f in c.findings.values() if f.phase is Phase.CONFIRMATION]
    if not finalists:
        return "nothing looked better than the baseline with enough confidence to be worth confirming"
    count = f"{len(finalists)} finalists were" if len(finalists) > 1 else "one finalist was"
    return f"{count} retrained under fresh seeds and none was shown better on the sealed test rows"
