"""Which campaign is meant, and what it has come to."""

from collections.abc import Sequence

from rea.campaign.evolve import replay
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.event import Recorded
from rea.domain.ids import CampaignId
from rea.ports import Journal


def resolve(journal: Journal, name: str | None) -> CampaignId:
    """Return the campaign called ``name``, or by an unambiguous beginning of it; without a name, the newest.

    Raises:
        UsageError: there is none, or more than one.
    """
    known = list(journal.campaigns())
    if not known:
        raise UsageError("there is no campaign yet", "start one: rea start DIRECTORY --budget 2h")
    return known[-1] if name is None else named(known, name, "campaign")


def named(known: Sequence[CampaignId], name: str, kind: str) -> CampaignId:
    """Return the one of ``known`` that is called ``name`` or alone begins so; ``kind`` says what they are.

    Raises:
        UsageError: there is none, or more than one.
    """
    found = [c for c in known if c == name] or [c for c in known if c.startswith(name)]
    if len(found) != 1:
        reason = f"{len(found)} {kind}s begin with {name!r}" if found else f"there is no {kind} {name!r}"
        raise UsageError(reason, f"one of: {', '.join(sorted(found or known))}")
    return found[0]


def require_open(c: Campaign, remedy: str = "start another: rea start") -> None:
    """Refuse what a campaign that is over can no longer take.

    Raises:
        UsageError: it is concluded or was stopped.
    """
    if c.ended or c.stopped:
        raise UsageError("the campaign is over", remedy)


def state_of(journal: Journal, campaign: CampaignId) -> Campaign:
    """Return what the campaign's journal adds up to."""
    return replay(r.event for r in journal.read(campaign))


def history_of(journal: Journal, campaign: CampaignId) -> tuple[Recorded, ...]:
    """Return the campaign's events in order."""
    return tuple(journal.read(campaign))
