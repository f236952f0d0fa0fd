"""What a portfolio does next, from its own stream and its members' states. Pure; ``guard`` is the one door for the common budget."""

from collections.abc import Mapping
from dataclasses import dataclass

from rea.campaign.portfolio.deal import deal
from rea.campaign.portfolio.deliver import deliveries
from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.ids import CampaignId
from rea.domain.portfolio import Member, MemberPlan, Portfolio
from rea.planner.cost import full_ms, reserve_ms

Members = Mapping[CampaignId, Campaign]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Conclusions for the portfolio's own stream, and what is due to members for what is recorded there already."""

    events: tuple[e.Event, ...] = ()
    due: tuple[tuple[CampaignId, tuple[e.Event, ...]], ...] = ()


def decide(p: Portfolio, members: Members) -> Step:
    """Deliver what is recorded first; then settle, allot, put plans on the page, deal, conclude."""
    if not p.id or p.concluded:
        return Step()
    if due := deliveries(p, members):
        return Step(due=due)
    return Step(events=guard(p, _wanted(p, members)))


def _wanted(p: Portfolio, members: Members) -> tuple[e.Event, ...]:
    if settled := _settlements(p, members):
        return settled
    if all(m.campaign in p.settled for m in p.members):
        return (e.PortfolioConcluded(reason=p.stopped or "every member has ended"),)
    if p.signed is None or p.paused or p.stopped:
        return ()
    return _first(p, members) or _floors(p, members) or _page(p, members) or deal(p, members)


def guard(p: Portfolio, wanted: tuple[e.Event, ...]) -> tuple[e.Event, ...]:
    """Return ``wanted`` without allotments that nobody approved or that the common budget does not hold."""
    passed: list[e.Event] = []
    free = p.ledger.free
    for event in wanted:
        if not isinstance(event, e.Allotted):
            passed.append(event)
        elif permitted(p, event) and 0 <= event.amount_ms <= free:
            free -= event.amount_ms
            passed.append(event)
    return tuple(passed)


def permitted(p: Portfolio, event: e.Allotted) -> bool:
    """Whether a person has granted this kind of allotment: the signature calibration, an approved page the rest."""
    if p.paused or p.stopped or p.concluded or event.member in p.settled:
        return False
    member = p.member(event.member)
    if event.number == 1:
        return p.signed is not None and member is not None and event.amount_ms <= member.allowance_ms
    return any(plan.campaign == event.member for plan in p.approved)


def _settlements(p: Portfolio, members: Members) -> tuple[e.Event, ...]:
    """Book what ended members have cost, once they can spend nothing more."""
    ended = [m.campaign for m in p.members if m.campaign not in p.settled and _given_back(p, members[m.campaign])]
    costs = {m: members[m].ledger.spent + members[m].ledger.overrun for m in ended}
    return tuple(e.ShareSettled(member=m, cost_ms=cost) for m, cost in costs.items())


def _given_back(p: Portfolio, c: Campaign) -> bool:
    return c.ended and (c.returned or not p.allotted.get(c.id))


def _first(p: Portfolio, members: Members) -> tuple[e.Event, ...]:
    new = [m for m in p.members if not p.allotted.get(m.campaign) and not members[m.campaign].ended]
    return tuple(
        e.Allotted(member=m.campaign, number=1, amount_ms=m.allowance_ms, expected=0.0, reason="calibration")
        for m in new
    )


def _floors(p: Portfolio, members: Members) -> tuple[e.Event, ...]:
    """Bring approved members up to their floors; fair shares are rounded, so the last may get a millisecond less."""
    free, made = p.ledger.free, list[e.Event]()
    for x in p.approved:
        if len(p.allotted.get(x.campaign, ())) != 1 or members[x.campaign].ended:
            continue
        amount = min(free, max(0, x.floor_ms - p.granted(x.campaign)))
        free -= amount
        made.append(e.Allotted(member=x.campaign, number=2, amount_ms=amount, expected=0.0, reason="its floor"))
    return tuple(made)


def _page(p: Portfolio, members: Members) -> tuple[e.Event, ...]:
    """Put the plans before an engineer together, once every member that can have one has it; one that is paused comes on a later page."""
    approved = {plan.campaign for plan in p.approved}
    new = [m for m in p.members if m.campaign not in approved and not _out(members[m.campaign])]
    if not new or any(members[m.campaign].plan is None or members[m.campaign].replan for m in new):
        return ()
    plans = tuple(_plan(p, m, members[m.campaign]) for m in new)
    page = e.PortfolioPlanned(plans=plans, budget_ms=p.budget_ms, dealing=p.dealing)
    return (page,) if page.digest != p.page_digest else ()


def _out(c: Campaign) -> bool:
    return bool(c.ended or c.paused or c.stopped)


def _plan(p: Portfolio, m: Member, c: Campaign) -> MemberPlan:
    return MemberPlan(campaign=m.campaign, plan=c.plan_digest, floor_ms=floor_ms(p, m, c))


def floor_ms(p: Portfolio, m: Member, c: Campaign) -> int:
    """Return what a member gets whatever it promises: enough to confirm something, never more than its fair share."""
    least = c.ledger.spent + reserve_ms(c) + p.dealing.runs * full_ms(c)
    return max(m.allowance_ms, min(m.share_ms, max(least, round(p.dealing.floor * m.share_ms))))
