"""The journal: append-only, hash-chained, one transaction an append."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from rea.domain.errors import StaleDecision, UsageError
from rea.domain.event import Event, Recorded
from rea.domain.ids import CampaignId, Digest
from rea.domain.ledger import Ledger
from rea.domain.portfolio import is_portfolio
from rea.domain.runbook import EntryVerdict
from rea.store import allowances, amounts, codec, leases, portfolios, projections, stream
from rea.store.database import Database
from rea.store.leases import Lease
from rea.store.schema import streams
from rea.store.stream import Draft, Head

PAGE = 5000  # events that are held at once by what goes through a whole journal


def utc_now() -> str:
    """Return the time in ISO 8601, UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class SqlJournal:
    """The ``Journal``, ``Openings`` and ``Standings`` ports over a database. ``now`` stamps what is appended, for display only."""

    def __init__(self, database: Database, now: Callable[[], str] = utc_now, lease: Lease | None = None) -> None:
        """With a ``lease``, what is appended to its campaign is refused once somebody else has taken it."""
        self._database = database
        self._now = now
        self._lease = lease

    def campaigns(self) -> Sequence[CampaignId]:
        """Return every campaign, the oldest first."""
        with self._database.read() as connection:
            return tuple(name for name in _streams(connection) if not is_portfolio(name))

    def portfolios(self) -> Sequence[CampaignId]:
        """Return every portfolio, the oldest first: each has a stream of its own beside those of its members."""
        with self._database.read() as connection:
            return tuple(name for name in _streams(connection) if is_portfolio(name))

    def read(self, campaign: CampaignId, after: int = 0, most: int | None = None) -> Sequence[Recorded]:
        """Return the events with a sequence number above ``after``, at most ``most``, checked against the hash chain.

        Raises:
            IntegrityError: an event is missing, out of its place, altered or not readable; the message names the first.
            StoreError: a newer program wrote one.
        """
        with self._database.read() as connection:
            rows = stream.rows(connection, campaign, after, most)
        return tuple(Recorded(seq=row.seq, at=row.at, key=row.key, event=stream.decoded(row)) for row in rows)

    def append(self, campaign: CampaignId, events: Sequence[Event], *, expected: int | None = None) -> int:
        """Append what is not recorded yet and return the journal's new length.

        Raises:
            StaleDecision: ``expected`` is given and is not the journal's length, or an opening of a test set is not the next one.
            OverBudget: the ledger's CHECK refused a reservation; nothing was written.
            CampaignBusy: the lease was lost.
            StoreError: an event could not be read back or added up, or the database not be written; nothing was written.
        """
        at = self._now()
        drafts = [_draft(at, event) for event in events]
        with self._database.write() as connection:
            if self._lease is not None and self._lease.campaign == campaign:
                leases.renew(connection, self._lease, self._database.dialect.now(connection))
            head = stream.head_of(connection, campaign)
            if expected is not None and expected != head.length:
                raise StaleDecision(
                    f"campaign {campaign} has {head.length} events, and this was decided on {expected}", "look again"
                )
            fresh = stream.unseen(connection, campaign, drafts)
            for draft in fresh:
                projections.numbered(connection, draft.event)
            portfolios.check(connection, campaign, [draft.event for draft in fresh])
            return stream.extend(connection, campaign, head, fresh)

    def restore(self, campaign: CampaignId, recorded: Sequence[Recorded]) -> int:
        """Append what another store recorded, with its times, and return the journal's new length.

        Raises:
            UsageError: a campaign of this name is here already with another history; nothing was written.
        """
        drafts = [_draft(record.at, record.event) for record in recorded]
        with self._database.write() as connection:
            head = stream.head_of(connection, campaign)
            here = [(row.at, row.key, row.payload) for row in stream.rows(connection, campaign)]
            there = [(draft.at, draft.entry.key, draft.entry.payload) for draft in drafts]
            if here[: len(there)] != there[: len(here)]:
                raise UsageError(f"another campaign {campaign} is here already", "import it into another store")
            return stream.extend(connection, campaign, head, drafts[head.length :])

    def verify(self, campaign: CampaignId, seen: Callable[[Event], None] = lambda _: None) -> int:
        """Check the whole journal and return its length, showing each event to ``seen``; raises what ``read`` raises."""
        length = 0
        while page := self.read(campaign, length, PAGE):
            length += len(page)
            for recorded in page:
                seen(recorded.event)
        return length

    def head(self, campaign: CampaignId) -> Head:
        """Return the length of a campaign's journal and the hash of its last event."""
        with self._database.read() as connection:
            return stream.head_of(connection, campaign)

    def hash_of(self, campaign: CampaignId, seq: int) -> str:
        """Return the hash of one event, "" where there is none."""
        with self._database.read() as connection:
            return stream.hash_of(connection, campaign, seq)

    def ledger(self, campaign: CampaignId) -> Ledger:
        """Return the campaign's ledger as the database keeps it."""
        with self._database.read() as connection:
            return projections.ledger_of(connection, campaign)

    def elsewhere(self, member: CampaignId, slots: int) -> int:
        """Return how many of a member's ``slots`` are taken, since its portfolio has no more and others hold them."""
        with self._database.read() as connection:
            return portfolios.taken(connection, member, slots)

    def allowances(self, campaign: CampaignId) -> tuple[Ledger, Ledger]:
        """Return the campaign's ledgers of tokens and of money (millionths) as the database keeps them."""
        with self._database.read() as connection:
            return allowances.ledger_of(connection, campaign, "tokens"), allowances.ledger_of(
                connection, campaign, "micros"
            )

    def count(self, data: Digest) -> int:
        """Return how often the test rows of ``data`` were opened, over all campaigns."""
        with self._database.read() as connection:
            return projections.openings_of(connection, data)

    def verdicts(self, entries: Sequence[Digest]) -> Mapping[Digest, Sequence[EntryVerdict]]:
        """Return whether runbook entries were right, over all campaigns."""
        with self._database.read() as connection:
            return projections.verdicts_of(connection, entries)


def _streams(connection: Connection) -> list[CampaignId]:
    found = connection.scalars(select(streams.c.stream).order_by(streams.c.opened, streams.c.stream))
    return [CampaignId(name) for name in found]


def _draft(at: str, event: Event) -> Draft:
    amounts.check(event)
    return Draft(at, codec.encode(event), event)
