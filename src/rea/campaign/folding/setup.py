"""Opening, the checklist, its signature, calibration."""

from rea.campaign.folding.calling import grant
from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.ids import digest


def setup(c: Campaign, event: e.Setup) -> None:
    match event:
        case e.CampaignOpened() if not c.id:
            _open(c, event)
        case e.ChecklistRecorded(checklist=checklist) if checklist.digest not in c.subjects:
            c.subjects.add(checklist.digest)
            c.checklist, c.signed = checklist, None
        case e.ChecklistSigned(approval=approval) if c.checklist and approval.subject == c.checklist.digest:
            c.signed = c.signed or approval
            if not c.portfolio:  # a member's money comes from its portfolio alone
                c.ledger = c.ledger.grant(approval.granted_ms)
            grant(c, approval.calls)
        case e.Calibrated(noise=noise) if c.noise is None:
            c.noise = noise
        case _:
            pass


def _open(c: Campaign, event: e.CampaignOpened) -> None:
    c.id, c.question, c.workload, c.policy = event.campaign, event.question, event.workload, event.policy
    c.repository, c.commit, c.opened_at, c.budget_ms = event.repository, event.commit, event.at, event.budget_ms
    c.envelope, c.portfolio = event.calls, event.portfolio
    c.workload_digest = digest("workload", event.workload, event.commit)
