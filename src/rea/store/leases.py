"""Leases: where several machines share a store, who may advance a campaign now. A paused holder that comes back is refused by its fence."""

import time
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from rea.domain.errors import CampaignBusy
from rea.domain.ids import CampaignId
from rea.store import holders
from rea.store.database import Database
from rea.store.schema import leases

TERM_S = 60.0  # a holder that was silent for longer is taken for dead; appends, acts and the heartbeat renew


@dataclass(slots=True)
class Lease:
    """The right to advance one campaign, under a number that only grows. ``moved`` is when something was last appended (monotonic seconds)."""

    campaign: CampaignId
    fence: int
    term_s: float = TERM_S
    moved: float = field(default_factory=time.monotonic)


def take(database: Database, campaign: CampaignId, holder: str, term_s: float = TERM_S) -> Lease:
    """Take the lease of a campaign. One whose holder is known to have ended, as a process of this machine, is free at once.

    Raises:
        CampaignBusy: another holder has it, and its term is not over by the database's clock.
    """
    with database.write() as connection:
        now = database.dialect.now(connection)
        row = connection.execute(select(leases).where(leases.c.stream == campaign)).one_or_none()
        if row is not None and row.expires > now and row.holder != holder and not holders.gone(row.holder):
            raise CampaignBusy(f"campaign {campaign} is being advanced by {row.holder}", "it is looked at again later")
        fence = 1 if row is None else row.fence + 1
        values = {"holder": holder, "fence": fence, "expires": now + term_s}
        if row is None:
            connection.execute(leases.insert().values(stream=campaign, **values))
        else:
            connection.execute(leases.update().where(leases.c.stream == campaign).values(**values))
    return Lease(campaign, fence, term_s)


def release(database: Database, lease: Lease) -> None:
    """Give the lease back; one that was lost meanwhile is left alone."""
    mine = (leases.c.stream == lease.campaign, leases.c.fence == lease.fence)
    with database.write() as connection:
        connection.execute(leases.update().where(*mine).values(expires=0.0))


def renew(connection: Connection, lease: Lease, now: float) -> None:
    """Prolong the lease inside the transaction of an append.

    Raises:
        CampaignBusy: somebody else has taken it since: what was decided under it may not be recorded.
    """
    _prolong(connection, lease, now)
    lease.moved = time.monotonic()


def prove(database: Database, lease: Lease) -> None:
    """Prolong the lease before an act, or by the heartbeat.

    Raises:
        CampaignBusy: somebody else has taken it since, or it was given back: nothing may be done under it.
    """
    with database.write() as connection:
        _prolong(connection, lease, database.dialect.now(connection))


def _prolong(connection: Connection, lease: Lease, now: float) -> None:
    mine = (leases.c.stream == lease.campaign, leases.c.fence == lease.fence, leases.c.expires > 0)
    done = connection.execute(leases.update().where(*mine).values(expires=now + lease.term_s))
    if done.rowcount != 1:
        raise CampaignBusy(
            f"the lease {lease.fence} of campaign {lease.campaign} was lost while this process slept", "look again"
        )
