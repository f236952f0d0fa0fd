"""What members are owed for what a portfolio has recorded: derived from both, so that a kill in between loses nothing. Pure."""

from collections.abc import Iterator, Mapping
from itertools import accumulate

from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.ids import CampaignId, Digest
from rea.domain.plan import Approval
from rea.domain.portfolio import Member, Portfolio

Due = tuple[tuple[CampaignId, tuple[e.Event, ...]], ...]


def deliveries(p: Portfolio, members: Mapping[CampaignId, Campaign]) -> Due:
    """Return the events that are to be in members' journals and are not yet there."""
    found = ((m.campaign, tuple(_to(p, m, members[m.campaign]))) for m in p.members)
    return tuple((name, events) for name, events in found if events)


def _to(p: Portfolio, m: Member, c: Campaign) -> Iterator[e.Event]:
    if c.ended:
        if c.shares and not c.returned:
            yield e.ShareReturned(portfolio=p.id)
        return
    yield from _shares(p, m, c)
    if p.stopped and not c.stopped:
        yield e.Stopped(by=p.stopped_by, reason=p.stopped, command=f"stopped:{p.id}")
    elif m.campaign in p.released and not c.share_closed:
        yield e.ShareClosed(portfolio=p.id, reason=p.released[m.campaign])


def _shares(p: Portfolio, m: Member, c: Campaign) -> Iterator[e.Event]:
    """Sign, approve and pay in one append, so that no member has leave without money."""
    for number, granted in enumerate(accumulate(p.allotted.get(m.campaign, ())), start=1):
        if number <= c.shares:
            continue
        if number == 1 and c.signed is None and p.signed is not None:
            yield e.ChecklistSigned(approval=_through(p, p.signed, m.checklist, granted))
        plan = next((x.plan for x in p.approved if x.campaign == m.campaign), None)
        if number == 2 and plan is not None and not c.approved:
            yield e.PlanApproved(approval=_through(p, p.approvals[-1], plan, granted))
        yield e.ShareGranted(portfolio=p.id, number=number, granted_ms=granted)


def _through(p: Portfolio, given: Approval, subject: Digest, granted_ms: int) -> Approval:
    return Approval(subject=subject, by=given.by, at=given.at, granted_ms=granted_ms, through=p.id)
