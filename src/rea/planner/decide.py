"""What planning should do next: calibrate, propose, draft, wait for the approval, then phase after phase, round after round. Pure."""

from rea.domain.action import Decision, Notify, Observed, Propose
from rea.domain.campaign import Campaign, PhaseRecord
from rea.domain.event import PlanDrafted, ReplicateCut
from rea.domain.experiment import Phase
from rea.domain.ids import Digest
from rea.planner.cost import ROUND_RUNS, free_ms, full_ms, ideas_for, reserve_ms, wanted_hypotheses
from rea.planner.draft import draft
from rea.planner.phases import calibration, combination, confirmation, exploitation, validation
from rea.planner.phases.opening import busy, ended

MOST_ROUNDS = 3
FINISH = "an engineer asked to finish"
LAST_IDEAS = 0.8  # of the budget, beyond which no new hypothesis is opened


def decide(c: Campaign, observed: Observed, runbook: Digest) -> Decision:
    """Return the planner's next step."""
    if c.signed is None or (c.portfolio and not c.shares):
        return Decision()
    calibrated = c.phase(calibration.ROUND, Phase.CALIBRATION)
    if calibrated is None or not calibrated.ended:
        return calibration.step(c)
    if not c.proposed_rounds:
        return Decision(actions=(Propose(round=1, count=wanted_hypotheses(c)),))
    if c.plan is None or c.replan:
        return Decision(events=(PlanDrafted(plan=draft(c, runbook)),))
    if not c.funded:
        return Decision()  # its portfolio puts all plans before an engineer at once
    if not c.approved:
        return _ask(c)
    return _note(c) + _phases(c, observed)


def _ask(c: Campaign) -> Decision:
    return tell(c, "approval needed", c.plan_digest, f"rea approve {c.id} --digest {c.plan_digest[:12]}")


def tell(c: Campaign, kind: str, subject: str, text: str) -> Decision:
    """Tell someone once."""
    return (
        Decision()
        if f"notified:{kind}:{subject}" in c.notified
        else Decision(actions=(Notify(kind=kind, subject=subject, text=text),))
    )


def nearly_spent(c: Campaign) -> bool:
    """Whether so much is spent or held that no new hypothesis is opened; what is under way is finished and confirmed."""
    return c.ledger.spent + c.ledger.held >= LAST_IDEAS * c.ledger.granted


def _note(c: Campaign) -> Decision:
    """Say once what the rest of the budget would buy."""
    if not nearly_spent(c) or (c.portfolio and not c.share_closed):
        return Decision()
    runs = max(0, free_ms(c)) // full_ms(c)
    rest, reserve = c.ledger.free / 1000, reserve_ms(c) / 1000
    text = f"{LAST_IDEAS:.0%} of the budget is spent or held, no new hypothesis is opened; of the {rest:.0f} s left {reserve:.0f} s are set aside"
    return tell(c, "budget", c.id, f"{text} for Confirmation, the rest buys {runs} full runs")


def _phases(c: Campaign, observed: Observed) -> Decision:
    if c.phase(confirmation.ROUND, Phase.CONFIRMATION) is not None:
        return confirmation.step(c, observed)
    if finishing(c):
        choosing = next((r for r in c.phases.values() if not r.closed), None)
        return _end_selection(c, choosing) if choosing else confirmation.step(c, observed)
    for phase, step in ((Phase.VALIDATION, validation.step), (Phase.COMBINATION, combination.step)):
        record = c.phase(c.round, phase)
        if record is None or not record.closed:
            return step(c, c.round)
    refining = c.phase(c.round, Phase.EXPLOITATION)
    if refining is None:
        # breadth before depth: ideas not tried yet are worth more than a finer setting of those that were
        return _next_round(c) or exploitation.step(c, c.round)
    if not refining.closed:
        return exploitation.step(c, c.round)
    return Decision() if waits_for_share(c) else _fed(c) or confirmation.step(c, observed)


def waits_for_share(c: Campaign) -> bool:
    """Whether a member of a portfolio has done with its money what it could, and waits for more, or for word that none comes."""
    refining = c.phase(c.round, Phase.EXPLOITATION)
    done = refining is not None and refining.closed and c.phase(confirmation.ROUND, Phase.CONFIRMATION) is None
    open_ = bool(c.portfolio) and c.approved and c.funded and not (c.share_closed or c.paused or c.stopped or c.ended)
    return done and open_ and c.fed != c.round and not finishing(c)


def _fed(c: Campaign) -> Decision:
    """Open another round with a tranche that came since the last one: new ideas where there are any, else a finer look at what is there."""
    if c.fed != c.round or c.share_closed:
        return Decision()
    return Decision(actions=(Propose(round=c.round + 1, count=ideas_for(c)),))


def _next_round(c: Campaign) -> Decision:
    """Open another round while the envelope pays for one and the last one had something to try."""
    tried = c.phase(c.round, Phase.VALIDATION)
    exhausted = tried is None or not tried.experiments
    if nearly_spent(c) or exhausted or c.round >= MOST_ROUNDS or exploitation.choosing_ms(c) < ROUND_RUNS * full_ms(c):
        return Decision()
    return Decision(actions=(Propose(round=c.round + 1, count=ideas_for(c)),))


def finishing(c: Campaign) -> bool:
    """Whether an engineer asked to go to Confirmation now."""
    return any(wish == "finish" for wish, _ in c.steered)


def _end_selection(c: Campaign, record: PhaseRecord) -> Decision:
    """End the phase in progress once its running jobs are done; what has not been started never will be."""
    if record.ended:
        return Decision()
    waiting = [key for key in c.unsettled if not any(job in c.open_jobs for job in c.attempts.get(key, ()))]
    if waiting:
        return Decision(events=tuple(ReplicateCut(replicate=key, reason=FINISH) for key in waiting))
    return Decision() if busy(c, record) else ended(record, FINISH)
