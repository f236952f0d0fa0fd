"""One page on several models under one budget: what each gained and cost, and how often a person had to act for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.event import AGENT, Recorded
from rea.domain.hypothesis import Effect
from rea.domain.ids import CampaignId
from rea.domain.portfolio import Member, Portfolio
from rea.domain.proposal import Outcome
from rea.report import numbers as n
from rea.report.facts.people import Touch, act
from rea.report.foreign import line

PROPOSING = (Outcome.WINNER, Outcome.NEEDS_A_PERSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFacts:
    """One model. ``effect`` is the confirmed relative improvement on sealed rows, positive = better; times are device-milliseconds."""

    campaign: str
    workload: str
    weight: float
    state: str
    change: str
    effect: Effect | None
    spent_ms: int
    granted_ms: int
    share_ms: int
    tranches: int
    jobs: int
    touches: int  # of people, on this member alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealt:
    """One allotment or release, as it was recorded."""

    at: str
    member: str
    amount_ms: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioFacts:
    """A portfolio in figures. ``touches`` counts every act of a person once, as the streams name them; ``gain`` is the weighted mean improvement,
    members without a winner counted as 0."""

    name: str
    state: str
    opened: str
    budget_ms: int
    spent_ms: int
    held_ms: int
    slots: int
    members: tuple[MemberFacts, ...]
    proposals: int
    gain: float
    touches: int
    touches_per_proposal: float | None  # None without a proposal
    people: tuple[Touch, ...]
    dealt: tuple[Dealt, ...]


Streams = Mapping[CampaignId, Sequence[Recorded]]


def facts_of(p: Portfolio, members: Sequence[Campaign], streams: Streams) -> PortfolioFacts:
    """Return the facts from the states and the streams, the portfolio's own among them."""
    own = people(streams[p.id])
    by_member = {c.id: people(streams[c.id]) for c in members}
    found = tuple(_member(p, m, c, len(by_member[c.id])) for m, c in zip(p.members, members, strict=True))
    proposals = sum(c.proposal is not None and c.proposal.outcome in PROPOSING for c in members)
    acts = (*own, *(touch for found_ in by_member.values() for touch in found_))
    return PortfolioFacts(
        name=p.id,
        state=_state(p),
        opened=p.opened_at,
        budget_ms=p.budget_ms,
        spent_ms=sum(c.ledger.spent + c.ledger.overrun for c in members),
        held_ms=sum(c.ledger.held for c in members),
        slots=p.slots,
        members=found,
        proposals=proposals,
        gain=sum(m.weight * m.effect.value for m in found if m.effect) / sum(m.weight for m in found),
        touches=len(acts),
        touches_per_proposal=len(acts) / proposals if proposals else None,
        people=tuple(sorted(acts, key=lambda touch: touch.at)),
        dealt=tuple(_dealt(r) for r in streams[p.id] if isinstance(r.event, e.Allotted | e.MemberReleased)),
    )


def people(recorded: Sequence[Recorded]) -> tuple[Touch, ...]:
    """Return what people did, as one stream tells it; what a portfolio passed on to its members was done once, and is told there."""
    found = ((r, _act(r.event)) for r in recorded)
    return tuple(Touch(at=n.moment(r.at), by=line(who), what=line(what)) for r, (who, what) in found if who)


def _act(event: e.Event) -> tuple[str, str]:
    match event:
        case e.PortfolioSigned(approval=a):
            return a.by, f"signed all checklists {a.subject[:16]}, granting {n.duration(a.granted_ms)} of device time"
        case e.PortfolioApproved(approval=a):
            return (
                a.by,
                f"approved all plans {a.subject[:16]}, granting {n.duration(a.granted_ms)} of device time in all",
            )
        case e.ChecklistSigned(approval=a) | e.PlanApproved(approval=a) if a.through:
            return "", ""
        case e.Stopped(command=command) if command.startswith("stopped:"):
            return "", ""
        case _:
            who, what = act(event)
            return (who, what) if who != AGENT else ("", "")


def _state(p: Portfolio) -> str:
    if p.concluded:
        return "stopped" if p.stopped else "concluded"
    if p.paused or p.stopped:
        return "paused" if p.paused else "stopping"
    if p.signed is None:
        return "waiting_for_signature"
    return "waiting_for_approval" if p.waiting else "running" if p.approved else "calibrating"


def _member(p: Portfolio, m: Member, c: Campaign, touches: int) -> MemberFacts:
    proposed = c.proposal if c.proposal is not None and c.proposal.outcome in PROPOSING else None
    return MemberFacts(
        campaign=c.id,
        workload=m.workload,
        weight=m.weight,
        state=str(c.proposal.outcome) if c.proposal else c.stopped or c.paused or "in progress",
        change=str(proposed.change) if proposed else "",
        effect=proposed.finding.effect if proposed and proposed.finding else None,
        spent_ms=c.ledger.spent + c.ledger.overrun,
        granted_ms=c.ledger.granted,
        share_ms=m.share_ms,
        tranches=len(p.allotted.get(c.id, ())),
        jobs=c.finished,
        touches=touches,
    )


def _dealt(r: Recorded) -> Dealt:
    event = r.event
    if isinstance(event, e.Allotted):
        return Dealt(at=n.moment(r.at), member=event.member, amount_ms=event.amount_ms, reason=event.reason)
    assert isinstance(event, e.MemberReleased)
    return Dealt(at=n.moment(r.at), member=event.member, amount_ms=0, reason=event.reason)


def write(facts: PortfolioFacts, directory: Path) -> tuple[Path, Path]:
    """Write ``portfolio.html`` and ``portfolio.md``, and return their paths."""
    from rea.report.page import template
    from rea.report.write import whole

    directory.mkdir(parents=True, exist_ok=True)
    pages = (directory / "portfolio.html", directory / "portfolio.md")
    for path in pages:
        whole(path, template(f"{path.name}.j2").render(f=facts))
    return pages
