"""Hypotheses, amendments, plans and their approval."""

from rea.campaign.folding.calling import grant
from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.hypothesis import Hypothesis


def planning(c: Campaign, event: e.Planning) -> None:
    match event:
        case e.HypothesesProposed(hypotheses=hypotheses, round=round_) if round_ not in c.proposed_rounds:
            c.proposed_rounds.add(round_)
            c.cost_error = event.costs if round_ == 1 else c.cost_error
            for hypothesis in hypotheses:
                _add(c, hypothesis)
        case e.HypothesisAmended() if event.command not in c.commands:
            c.commands.add(event.command)
            c.touches += 1
            if event.replaces is not None:
                _remove(c, event.replaces, f"replaced by {event.by}")
            _add(c, event.hypothesis)
            c.replan = True
        case e.HypothesisRejected() if event.command not in c.commands:
            c.commands.add(event.command)
            c.touches += 1
            _remove(c, event.hypothesis, event.reason)
            c.replan = True
        case e.PlanDrafted(plan=plan) if (digest := plan.digest) not in c.subjects:
            c.subjects.add(digest)
            c.plan, c.plan_digest, c.replan = plan, digest, False
        case e.PlanApproved(approval=approval) if c.plan and approval.subject == c.plan_digest and not c.approved:
            c.approval = approval
            if not c.portfolio:
                c.ledger = c.ledger.grant(approval.granted_ms)
            grant(c, approval.calls)
        case _:
            pass


def _add(c: Campaign, hypothesis: Hypothesis) -> None:
    if hypothesis.id not in c.rejected:
        c.hypotheses.setdefault(hypothesis.id, hypothesis)


def _remove(c: Campaign, hypothesis: str, reason: str) -> None:
    for known in [h for h in c.hypotheses if h == hypothesis]:
        c.rejected[known] = reason
        del c.hypotheses[known]
