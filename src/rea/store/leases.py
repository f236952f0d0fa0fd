"""Leases: where several machines share a store, who may advance a campaign now. A paused holder that comes back is refused by its fence."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from rea.domain.errors import CampaignBusy
from rea.domain.ids import CampaignId
from rea.store.database import Database
from rea.store.schema import leases

TERM_S = 900.0  # a holder that was silent for longer is taken for dead; every append renews


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to append to one campaign's journal as its advancer, under a number that only grows."""

    campaign: CampaignId
    fence: int
    term_s: float = TERM_S


def take(database: Database, campaign: CampaignId, holder: str, term_s: float = TERM_S) -> Lease:
    """Take the lease of a campaign.

    Raises:
        CampaignBusy: another holder has it, and its term is not over by the database's clock.
    """
    with database.write() as connection:
        now = database.dialect.now(connection)
        row = connection.execute(select(leases).where(leases.c.stream == campaign)).one_or_none()
        if row is not None and row.expires > now and row.holder != holder:
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
    mine = (leases.c.stream == lease.campaign, leases.c.fence == lease.fence)
    done = connection.execute(leases.update().where(*mine).values(expires=now + lease.term_s))
    if done.rowcount != 1:
        raise CampaignBusy(
            f"the lease {lease.fence} of campaign {lease.campaign} was lost while this process slept", "look again"
        )
