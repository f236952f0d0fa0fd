"""Who gets the next tranche: whoever promises most per device-hour, as the planner sees it. Pure; ``docs/adr/0010-portfolio.md`` says why so."""

from collections.abc import Mapping
from dataclasses import dataclass

from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.ids import CampaignId
from rea.domain.portfolio import Member, Portfolio
from rea.planner.cost import full_ms
from rea.planner.decide import waits_for_share
from rea.planner.prospect import HOUR_MS, prospect


@dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """What one member stands for in a round of dealing. ``worth`` is weighted improvement per device-hour."""

    member: Member
    asks: bool  # it waits for money; the others still have some
    worth: float
    least_ms: int
    tranche_ms: int
    saturated: bool


def deal(p: Portfolio, members: Mapping[CampaignId, Campaign]) -> tuple[e.Event, ...]:
    """Deal tranches to those that wait, best first. A better one that is still busy has its next tranche kept for it.

    Who cannot be paid, or promises too little, is released: it confirms and gives back. Only the best of those that cannot be paid waits for
    what others may give back.
    """
    playing = [m for m in p.members if m.campaign not in p.released and _plays(p, members[m.campaign])]
    if not any(waits_for_share(members[m.campaign]) for m in playing):
        return ()
    bids = sorted((bid(p, m, members[m.campaign]) for m in playing), key=lambda b: (-b.worth, b.member.campaign))
    events: list[e.Event] = []
    pool, comes_back = p.ledger.free - _promised(p, members), _something_comes_back(p, bids, members)
    for b in bids:
        amount = min(b.tranche_ms, pool)
        if b.saturated:
            events += [_released(b, f"saturated: {_says(b)}")] if b.asks else []
        elif amount >= b.least_ms:
            pool -= amount
            events += [_allotted(p, b, amount)] if b.asks else []
        elif comes_back:
            comes_back = False  # for the best one only
        elif b.asks:
            events.append(_released(b, f"the common budget is dealt out: {_says(b)}"))
    return tuple(events)


def bid(p: Portfolio, m: Member, c: Campaign) -> Bid:
    """Return what a member stands for."""
    full, promises = full_ms(c), prospect(c)
    tranche = max(round(p.dealing.tranche * p.budget_ms), p.dealing.runs * full)
    hoped = promises * tranche / HOUR_MS
    return Bid(
        member=m,
        asks=waits_for_share(c),
        worth=m.weight * promises,
        least_ms=p.dealing.runs * full,
        tranche_ms=tranche,
        saturated=hoped < p.dealing.saturated * c.calibrated.detectable,
    )


def _plays(p: Portfolio, c: Campaign) -> bool:
    return len(p.allotted.get(c.id, ())) > 1 and c.noise is not None and not (c.ended or c.stopped or c.paused)


def _promised(p: Portfolio, members: Mapping[CampaignId, Campaign]) -> int:
    """Return what is kept for the floors of members whose plan is not approved yet."""
    late = [m for m in p.members if len(p.allotted.get(m.campaign, ())) < 2 and not members[m.campaign].ended]
    return sum(max(0, m.share_ms - p.granted(m.campaign)) for m in late)


def _something_comes_back(p: Portfolio, bids: list[Bid], members: Mapping[CampaignId, Campaign]) -> bool:
    """Whether a member is on its way that may give back; one that is paused may never do."""
    asking = {b.member.campaign for b in bids if b.asks}
    left = [m.campaign for m in p.members if m.campaign not in p.settled and m.campaign not in asking]
    return any(not members[m].paused for m in left)


def _allotted(p: Portfolio, b: Bid, amount: int) -> e.Allotted:
    number = len(p.allotted[b.member.campaign]) + 1
    return e.Allotted(
        member=b.member.campaign, number=number, amount_ms=amount, expected=b.worth, reason=f"dealt: {_says(b)}"
    )


def _released(b: Bid, reason: str) -> e.MemberReleased:
    return e.MemberReleased(member=b.member.campaign, reason=reason)


def _says(b: Bid) -> str:
    return f"{b.worth:+.3%} expected of one more device-hour"
