"""What should happen next, as a pure function of what is recorded and what is true now."""

from rea.campaign.guard import guard
from rea.domain.action import Decision, Observed
from rea.domain.campaign import Campaign
from rea.domain.event import AGENT, Concluded, Paused, PlanDrafted, Stopped
from rea.domain.ids import Digest
from rea.domain.proposal import Outcome, Proposal
from rea.domain.runbook import RunbookEntry
from rea.executor import decide as executor
from rea.executor.jobs import live
from rea.executor.shadow import binding
from rea.knowledge import decide as knowledge
from rea.planner import decide as planner


def decide(c: Campaign, observed: Observed, runbook: tuple[RunbookEntry, ...], runbook_digest: Digest) -> Decision:
    """Combine what execution, learning and planning want, and let through what the guardrails permit."""
    if c.ended or c.workload is None:
        return planner.tell(c, "finished", c.id, c.proposal.reason) if c.proposal else Decision()
    if observed.stop_file and not c.stopped:
        return Decision(
            events=(
                Stopped(by="STOP file", reason="a STOP file lies in the campaign's directory", command="stop-file"),
            )
        )
    if c.stopped:
        return executor.wind_down(c, observed) or _conclude_stopped(c)
    if c.paused:
        return executor.wind_down(c, observed) or planner.tell(c, "paused", c.paused, c.paused)
    if c.ledger.overrun and (pause := _overrun(c)).command not in c.commands:
        return Decision(events=(pause,))
    running = executor.decide(c, observed, runbook) + _silent(c, observed)
    learning = knowledge.decide(c)
    if _under_way(c, running):
        learning = Decision(tuple(x for x in learning.events if not isinstance(x, Concluded)), learning.actions)
    # what was learnt is recorded before the next thing is planned, so that planning sees it
    wanted = running + (learning or planner.decide(c, observed, runbook_digest)) + knowledge.meanwhile(c)
    if any(isinstance(event, PlanDrafted) for event in wanted.events):
        wanted += Decision(events=binding(runbook, runbook_digest))
    return guard(c, wanted)


def _under_way(c: Campaign, running: Decision) -> bool:
    """Whether a job still runs or waits for the judge: one of a hypothesis that was dropped meanwhile may be the last, and it was paid for."""
    return bool(running.events or live(c) or executor.judging(c))


def _silent(c: Campaign, observed: Observed) -> Decision:
    """Tell somebody once of each job that is called running and gives no sign."""
    silent = [(job, s) for job in live(c) if (s := observed.jobs.get(job)) is not None and s.silent]
    look = "is its node alive? Once it is cancelled there, it is lost and tried again; until then nothing is launched in its place"
    told = (
        planner.tell(c, "silent", job, f"{job} {f'on {s.node}' if s.node else ''}: {s.reason}; {look}")
        for job, s in silent
    )
    return sum(told, start=Decision())


def _overrun(c: Campaign) -> Paused:
    reason = f"jobs cost {c.ledger.overrun / 1000:.0f} s more than was held for them"
    return Paused(reason=reason, by=AGENT, command=f"overrun:{c.ledger.overrun}")


def _conclude_stopped(c: Campaign) -> Decision:
    if live(c):
        return Decision()
    if not c.learnt:
        return knowledge.distil()
    return Decision(events=(Concluded(proposal=Proposal(outcome=Outcome.STOPPED, reason=c.stopped)),))
