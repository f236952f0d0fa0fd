"""The reconciler of a portfolio: read its stream and its members, decide, record, deliver; and forget everything."""

from collections.abc import Callable, Mapping

from rea.campaign.portfolio.decide import decide
from rea.campaign.portfolio.evolve import replay
from rea.campaign.recall import Recall
from rea.domain.event import Notified
from rea.domain.ids import CampaignId
from rea.domain.portfolio import Portfolio
from rea.ports import Journal

Tell = Callable[[str, str], None]


def advance(
    name: CampaignId, journal: Journal, members: Mapping[CampaignId, Recall], tell: Tell
) -> set[CampaignId] | None:
    """Move a portfolio one step. Return the members something was delivered to (they want a look), or None when nothing is left to do.

    Raises:
        StaleDecision: the stream moved on while this step decided; nothing was recorded of the decision.
    """
    recorded = journal.read(name)
    p = replay(r.event for r in recorded)
    step = decide(p, {m: recall.now() for m, recall in members.items()})
    if step.events:
        journal.append(name, step.events, expected=len(recorded))
        return set()
    for member, events in step.due:
        journal.append(member, events)
    if step.due:
        return {member for member, _ in step.due}
    return set() if _told(p, journal, tell) else None


def _told(p: Portfolio, journal: Journal, tell: Tell) -> bool:
    """Tell somebody, once, that something waits, or that it is over."""
    kind, subject = ("finished", str(p.id)) if p.concluded else ("approval needed", str(p.waiting))
    event = Notified(kind=kind, subject=subject)
    if not subject or event.key in p.notified:
        return False
    command = (
        f"rea portfolio report -p {p.id}" if p.concluded else f"rea portfolio approve -p {p.id} --digest {subject[:12]}"
    )
    tell(kind, command)
    journal.append(p.id, (event,))
    return True


def waiting_for(p: Portfolio) -> str:
    """Say in a few words what a portfolio waits for."""
    if p.concluded:
        return "nothing: it is concluded"
    if p.paused:
        return f"a person: {p.paused}"
    if p.signed is None:
        return "one signature under all checklists"
    return "approval of the common plan" if p.waiting else f"{len(p.members) - len(p.settled)} members"
