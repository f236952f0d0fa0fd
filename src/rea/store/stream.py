"""The rows of one campaign's journal, inside a transaction that someone else opened."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Connection, select

from rea.domain.event import Event
from rea.domain.ids import CampaignId
from rea.store import chain, codec, projections
from rea.store.chain import Link
from rea.store.codec import Entry
from rea.store.schema import events, streams


class Head(NamedTuple):
    """How long a journal is, and the hash of its last event."""

    length: int
    hash: str


class Draft(NamedTuple):
    """An event about to be appended: when, as it is stored, and as it is."""

    at: str
    entry: Entry
    event: Event


def head_of(connection: Connection, stream: CampaignId) -> Head:
    """Return where a journal ends; a campaign that is not known has no events."""
    row = connection.execute(select(streams.c.length, streams.c.hash).where(streams.c.stream == stream)).one_or_none()
    return Head(*row) if row else Head(0, chain.START)


def hash_of(connection: Connection, stream: CampaignId, seq: int) -> str:
    """Return the hash of one event as it is kept, "" where there is none."""
    return connection.scalar(select(events.c.hash).where(events.c.stream == stream, events.c.seq == seq)) or chain.START


def unseen(connection: Connection, stream: CampaignId, drafts: Iterable[Draft]) -> list[Draft]:
    """Return the drafts whose key is not recorded yet, each key once, in order."""
    first: dict[str, Draft] = {}
    for draft in drafts:
        first.setdefault(draft.entry.key, draft)
    keys = iter(first)
    known: set[str] = set()
    while some := tuple(islice(keys, 500)):  # SQLite bounds the number of parameters
        known.update(connection.scalars(select(events.c.key).where(events.c.stream == stream, events.c.key.in_(some))))
    return [draft for key, draft in first.items() if key not in known]


def extend(connection: Connection, stream: CampaignId, head: Head, drafts: Sequence[Draft]) -> int:
    """Append ``drafts`` after ``head``, bring the projections up to date, and return the new length."""
    if not drafts:
        return head.length
    links: list[Link] = []
    for seq, draft in enumerate(drafts, start=head.length + 1):
        links.append(chain.link(stream, links[-1].hash if links else head.hash, seq, draft.at, draft.entry))
    connection.execute(events.insert(), [{"stream": stream, **found._asdict()} for found in links])
    _move_head(connection, stream, head, links)
    for found, draft in zip(links, drafts, strict=True):
        projections.project(connection, stream, found.seq, draft.event)
    return links[-1].seq


def rows(connection: Connection, stream: CampaignId, after: int = 0, most: int | None = None) -> list[Link]:
    """Return the rows above ``after``, at most ``most`` of them.

    Raises:
        IntegrityError: they are not what was written; the message names the first event that is not.
    """
    head = head_of(connection, stream)
    after = min(after, head.length)
    columns = (events.c[name] for name in Link._fields)
    wanted = (events.c.stream == stream, events.c.seq >= after)
    query = select(*columns).where(*wanted).order_by(events.c.seq)
    limit = None if most is None else most + (after > 0)
    found = [Link(*row) for row in connection.execute(query.limit(limit))]
    start = _start(stream, found.pop(0) if after and found else None, after)
    checked = list(chain.verified(stream, found, after, start))
    if most is None or len(checked) < most:
        _ends_at(stream, head, Head(after + len(checked), checked[-1].hash if checked else start))
    return checked


def decoded(found: Link) -> Event:
    """Return the event that a row holds. Raises StoreError when a newer program wrote it."""
    return codec.decode(Entry(key=found.key, kind=found.kind, payload=found.payload, v=found.v))


def _move_head(connection: Connection, stream: CampaignId, head: Head, links: Sequence[Link]) -> None:
    end = {"length": links[-1].seq, "hash": links[-1].hash}
    if head.length:
        connection.execute(streams.update().where(streams.c.stream == stream).values(**end))
    else:
        connection.execute(streams.insert().values(stream=stream, opened=links[0].at, **end))
        projections.open_account(connection, stream)


def _start(stream: CampaignId, before: Link | None, after: int) -> str:
    if not after:
        return chain.START
    if before is None or before.seq != after:
        raise chain.broken(stream, after, "is missing")
    return before.hash


def _ends_at(stream: CampaignId, head: Head, found: Head) -> None:
    if found.length < head.length:
        raise chain.broken(stream, found.length + 1, "is missing")
    if found.length > head.length:
        raise chain.broken(stream, head.length + 1, "was never appended")
    if found.hash != head.hash:
        raise chain.broken(stream, found.length, "is not the last one written")
