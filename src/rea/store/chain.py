"""The hash chain: each event carries a digest over itself and everything before it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rea.domain.errors import IntegrityError
from rea.domain.ids import CampaignId
from rea.store import codec
from rea.store.codec import Entry

START = ""
"""What stands before the first event."""


class Link(NamedTuple):
    """One row of the events table, in the order of its columns."""

    seq: int
    at: str
    key: str
    kind: str
    v: int
    payload: bytes
    previous: str
    hash: str


def link(stream: CampaignId, previous: str, seq: int, at: str, entry: Entry) -> Link:
    """Return ``entry`` as the event that follows ``previous``."""
    bare = Link(seq, at, entry.key, entry.kind, entry.v, entry.payload, previous, "")
    return bare._replace(hash=_digest(stream, bare))


def verified(stream: CampaignId, links: Iterable[Link], seq: int = 0, previous: str = START) -> Iterator[Link]:
    """Yield ``links``, which follow event ``seq`` with the hash ``previous``, as long as they are what was written.

    Raises:
        IntegrityError: an event is missing, out of its place or altered; the message names it.
    """
    for found in links:
        seq += 1
        if found.seq != seq:
            raise broken(stream, seq, "is missing")
        if found.previous != previous:
            raise broken(stream, seq, "does not follow the one before it")
        if found.hash != _digest(stream, found):
            raise broken(stream, seq, "is not what was written")
        previous = found.hash
        yield found


def broken(stream: CampaignId, seq: int, what: str) -> IntegrityError:
    """Return the error that says what is wrong with one event."""
    return IntegrityError(
        f"event {seq} of campaign {stream} {what}",
        "do not go on from this journal: restore the database from a backup, or import an earlier export",
    )


def _digest(stream: CampaignId, of: Link) -> str:
    parts = (of.previous, stream, str(of.seq), of.at, of.key, of.kind, str(of.v))
    head = "".join(f"{len(part)}:{part}" for part in parts)  # lengths, so that no two events can be spelt alike
    return codec.sha256(head + codec.sha256(of.payload))
