"""How far each journal was known to reach, kept outside the store: a copy of it that was put back falls short of that.

``campaigns/C/head`` holds the length of C's journal and the hash of its last event as of the latest wake. The chain within a store
shows that nothing was altered; it cannot show that nothing is missing at its end.
"""

from pathlib import Path

from rea.domain.errors import IntegrityError
from rea.domain.ids import CampaignId
from rea.executor.contract.directory import write_durably
from rea.store.journal import SqlJournal

HEAD = "head"


def note(directory: Path, journal: SqlJournal, campaign: CampaignId) -> None:
    """Write down where the journal ends now."""
    head = journal.head(campaign)
    text = f"{head.length} {head.hash}\n"
    if _text(directory) != text:
        write_durably(directory / HEAD, text)


def check(directory: Path, journal: SqlJournal, campaign: CampaignId) -> None:
    """Compare the journal with what was written down.

    Raises:
        IntegrityError: the journal ends before that, or has gone another way: this is an older copy of the store.
    """
    length, _, noted = _text(directory).strip().partition(" ")
    if not length.isdigit():  # no wake yet, or one of an earlier version
        return
    here = journal.head(campaign).length
    if here < int(length):
        raise _stale(directory, f"has {here} events of campaign {campaign}, and had {length}")
    if journal.hash_of(campaign, int(length)) != noted:
        raise _stale(directory, f"tells another story of campaign {campaign} up to event {length} than it did")


def _stale(directory: Path, what: str) -> IntegrityError:
    return IntegrityError(
        f"the store {what}: an older copy of it was put back",
        "put the latest copy back. Where this is the latest that is left: `rea doctor --orphans` names jobs that it does not "
        f"know, then delete {directory / HEAD} and go on with `rea resume`; what was decided since is lost",
    )


def _text(directory: Path) -> str:
    try:
        return (directory / HEAD).read_text(errors="replace")
    except FileNotFoundError:
        return ""
