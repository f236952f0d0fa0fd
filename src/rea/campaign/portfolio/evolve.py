"""What a portfolio's stream adds up to. Pure, total, and indifferent to repeated events."""

from collections.abc import Iterable
from dataclasses import replace

from rea.domain import event as e
from rea.domain.ids import CampaignId
from rea.domain.ledger import Ledger
from rea.domain.plan import Approval
from rea.domain.portfolio import Portfolio


def replay(events: Iterable[e.Event]) -> Portfolio:
    """Return what a stream adds up to."""
    p = Portfolio()
    for event in events:
        p = evolve(p, event)
    return p


def evolve(p: Portfolio, event: e.Event) -> Portfolio:
    """Return ``p`` as it is after ``event``; what refers to something unknown changes nothing."""
    match event:
        case e.PortfolioOpened() if not p.id:
            return _opened(p, event)
        case e.PortfolioSigned(approval=a) if a.subject == p.subject and p.signed is None:
            return replace(p, signed=a, ledger=p.ledger.grant(a.granted_ms))
        case e.PortfolioPlanned() if event.digest != p.page_digest:
            return replace(p, page=event.plans, page_digest=event.digest)
        case e.PortfolioApproved(approval=a) if a.subject == p.page_digest and a not in p.approvals:
            return _approved(p, a)
        case e.Allotted() | e.MemberReleased() | e.ShareSettled():
            return _dealt(p, event)
        case _:
            return _life(p, event)


def _opened(p: Portfolio, event: e.PortfolioOpened) -> Portfolio:
    return replace(
        p,
        id=event.portfolio,
        members=event.members,
        budget_ms=event.budget_ms,
        slots=event.slots,
        dealing=event.dealing,
        subject=event.digest,
        opened_at=event.at,
    )


def _approved(p: Portfolio, a: Approval) -> Portfolio:
    fresh = tuple(plan for plan in p.page if plan not in p.approved)
    ledger = p.ledger.grant(a.granted_ms)
    return replace(p, approvals=(*p.approvals, a), approved=(*p.approved, *fresh), ledger=ledger)


def _dealt(p: Portfolio, event: e.Allotted | e.MemberReleased | e.ShareSettled) -> Portfolio:
    had = p.allotted.get(event.member, ())
    match event:
        case e.Allotted(member=m, amount_ms=amount) if p.member(m) and event.number == len(had) + 1:
            return replace(p, allotted={**p.allotted, m: (*had, amount)}, ledger=_hold(p.ledger, amount))
        case e.MemberReleased(member=m, reason=reason) if p.member(m) and m not in p.released:
            return replace(p, released={**p.released, m: reason})
        case e.ShareSettled(member=m, cost_ms=cost) if p.member(m) and m not in p.settled:
            return replace(p, settled={**p.settled, m: cost}, ledger=p.ledger.settle(_held(p, m), cost))
        case _:
            return p


def _hold(ledger: Ledger, amount: int) -> Ledger:
    """Hold what was recorded: that it was free is the guard's and the database's to say, not the fold's."""
    return replace(ledger, held=ledger.held + amount)


def _held(p: Portfolio, member: CampaignId) -> int:
    return 0 if member in p.settled else p.granted(member)


def _life(p: Portfolio, event: e.Event) -> Portfolio:
    match event:
        case e.Notified():
            return replace(p, notified=p.notified | {event.key})
        case e.Paused(reason=reason, command=command) if command not in p.commands:
            return replace(p, paused=p.paused or reason, commands=p.commands | {command})
        case e.Resumed(command=command) if command not in p.commands:
            return replace(p, paused="", commands=p.commands | {command})
        case e.Stopped(by=by, reason=reason) if not p.stopped:
            return replace(p, stopped=reason or "stopped", stopped_by=by)
        case e.PortfolioConcluded(reason=reason) if not p.concluded:
            return replace(p, concluded=reason)
        case _:
            return p
