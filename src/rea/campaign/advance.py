"""The reconciler: read what is recorded, observe what is true, decide, record, act; and forget everything."""

from rea.campaign.decide import decide
from rea.campaign.perform import perform
from rea.campaign.recall import Recall
from rea.domain.action import Observed, Wake
from rea.domain.campaign import Campaign
from rea.domain.experiment import Phase
from rea.domain.ids import CampaignId, Digest
from rea.domain.job import KILL_GRACE_S, JobState
from rea.executor.jobs import live
from rea.executor.perform import observe
from rea.planner.decide import waits_for_share
from rea.ports import Ports

STOP = "STOP"
SLACK_S = 30.0


def advance(campaign: CampaignId, ports: Ports, runbook: Digest, recall: Recall | None = None) -> Wake | None:
    """Move a campaign one step. Return None when there may be more to do at once, else when to look again.

    ``recall`` spares the steps of one wake reading what the step before has read.

    Raises:
        StaleDecision: the journal moved on while this step decided; nothing was recorded of the decision.
    """
    recall = recall or Recall(campaign=campaign, journal=ports.journal)
    state = recall.now()
    observed = _observed(state, ports)
    decision = decide(state, observed, ports.runbook, runbook)
    if decision.events:
        ports.journal.append(campaign, decision.events, expected=recall.length)
        return None
    progressed = False
    for action in decision.actions:
        happened = perform(action, state, ports)
        if happened:
            ports.journal.append(campaign, happened)
            progressed = True
    return None if progressed else Wake(next_at=_next_look(state, observed), waiting_for=waiting_for(state))


def _observed(c: Campaign, ports: Ports) -> Observed:
    confirming = c.opening is None and c.phase(1, Phase.CONFIRMATION) is not None
    own = [e.digest for e in ports.runbook if e.own] if c.shadows or c.bound else []
    return Observed(
        now=ports.now(),
        jobs=observe(c, ports),
        stop_file=(ports.directory / STOP).exists(),
        reads=ports.reader is not None,
        elsewhere=ports.elsewhere(c.policy.slots) if c.portfolio else 0,
        openings=ports.openings.count(c.checklist.test_rows) if confirming and c.checklist else 0,
        entries=ports.standings.verdicts(own) if own else {},
    )


def _next_look(c: Campaign, observed: Observed) -> float | None:
    """Events only cut latency: while a job runs, look again when its limit must have ended it."""
    running = [c.jobs[j] for j in live(c)]
    if not running:
        return None
    unknown = any(s.state is JobState.UNKNOWN for s in observed.jobs.values())
    soonest = min(r.job.time_limit_s - (s.seconds if (s := observed.jobs.get(r.job.id)) else 0.0) for r in running)
    return observed.now + (SLACK_S if unknown else max(SLACK_S, soonest + KILL_GRACE_S))


def waiting_for(c: Campaign) -> str:
    """Say in a few words what a campaign waits for."""
    if c.ended:
        return "nothing: it is concluded"
    if c.paused:
        return f"a person: {c.paused}"
    if jobs := live(c):
        return f"{len(jobs)} running job{'s' if len(jobs) > 1 else ''}"
    return "nothing" if c.approved and c.funded and not c.portfolio else _owed(c)


def _owed(c: Campaign) -> str:
    if c.portfolio and (c.signed is None or (not c.funded and c.plan is not None)):
        return f"the common {'approval' if c.signed else 'signature'} of {c.portfolio}"
    if c.signed is None:
        return "a signature under the checklist"
    if not c.approved:
        return "approval of the plan"
    return f"a tranche of {c.portfolio}" if waits_for_share(c) else "a free slot, or its portfolio"
