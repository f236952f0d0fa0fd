"""The common budget of a portfolio, held in the same tables: its ledger's CHECK bounds what its members are granted in all.

A portfolio's stream holds one row of ``holds`` for each member, as a campaign's does for each job. A member is granted no more than that row
says, it is settled only once its own grant has shrunk to its cost, and members reserve no more jobs at a time than the portfolio has slots.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Row, func, select

from rea.domain import event as e
from rea.domain.errors import OverBudget, StaleDecision
from rea.domain.ids import CampaignId, Digest
from rea.domain.portfolio import PREFIX
from rea.store import codec
from rea.store.codec import Entry
from rea.store.schema import events, holds
from rea.store.schema import ledger as accounts


def check(connection: Connection, stream: CampaignId, fresh: Sequence[e.Event]) -> None:
    """Refuse what a member, or its portfolio, may not record.

    Raises:
        OverBudget: a member would be granted what its portfolio does not hold for it.
        StaleDecision: no slot is free, or a member that still may spend would be settled: look again.
    """
    reserved = sum(isinstance(event, e.JobReserved) for event in fresh)
    if reserved and (share := _share(connection, stream)) is not None:
        _slots(connection, CampaignId(share.stream), reserved)
    for event in fresh:
        if isinstance(event, e.ShareGranted):
            _backed(connection, stream, event)
        elif isinstance(event, e.ShareSettled) and _granted(connection, event.member) > event.cost_ms:
            raise StaleDecision(f"{event.member} may still spend more than it has cost", "look again")


def allot(connection: Connection, stream: CampaignId, event: e.Allotted) -> int:
    """Hold a tranche for a member, and return by how much that raises what is held."""
    mine = (holds.c.stream == stream, holds.c.job == event.member)
    more = holds.update().where(*mine).values(held=holds.c.held + event.amount_ms)
    if connection.execute(more).rowcount == 0:
        connection.execute(holds.insert().values(stream=stream, job=event.member, held=event.amount_ms))
    return event.amount_ms


def portfolio_of(connection: Connection, stream: CampaignId) -> CampaignId:
    """Return the portfolio that a campaign is a member of, or nothing."""
    opened = _first(connection, stream)
    return opened.portfolio if isinstance(opened, e.CampaignOpened) else CampaignId("")


def shown(connection: Connection, stream: CampaignId, before: int, kind: str) -> Digest | None:
    """Return the digest of what of ``kind`` was put before an engineer last."""
    columns = (events.c.key, events.c.kind, events.c.payload, events.c.v)
    mine = (events.c.stream == stream, events.c.kind == kind, events.c.seq < before)
    event = _decoded(connection.execute(select(*columns).where(*mine).order_by(events.c.seq.desc()).limit(1)))
    return event.digest if isinstance(event, e.PortfolioOpened | e.PortfolioPlanned) else None


def taken(connection: Connection, member: CampaignId, slots: int) -> int:
    """Return how many of a member's ``slots`` are taken, since its portfolio has no more and others hold them."""
    share = _share(connection, member)
    if share is None:
        return 0
    portfolio = CampaignId(share.stream)
    elsewhere = _running(connection, portfolio) - _running_of(connection, [member])
    return max(0, elsewhere + slots - _slots_of(connection, portfolio))


def _share(connection: Connection, member: CampaignId) -> Row[Any, Any] | None:
    wanted = select(holds.c.stream, holds.c.held).where(holds.c.job == member, holds.c.stream.startswith(PREFIX))
    return connection.execute(wanted).one_or_none()


def _slots(connection: Connection, portfolio: CampaignId, wanted: int) -> None:
    slots = _slots_of(connection, portfolio)
    if _running(connection, portfolio) + wanted > slots:
        raise StaleDecision(f"{portfolio} has {slots} slots, and others took them", "look again")


def _slots_of(connection: Connection, portfolio: CampaignId) -> int:
    opened = _first(connection, portfolio)
    return opened.slots if isinstance(opened, e.PortfolioOpened) else 0


def _running(connection: Connection, portfolio: CampaignId) -> int:
    members = select(holds.c.job).where(holds.c.stream == portfolio)
    return _running_of(connection, list(connection.scalars(members)))


def _running_of(connection: Connection, members: Sequence[str]) -> int:
    counted = select(func.count()).select_from(holds).where(holds.c.stream.in_(members))
    return connection.scalar(counted) or 0


def _backed(connection: Connection, member: CampaignId, event: e.ShareGranted) -> None:
    share = _share(connection, member)
    if share is None or share.stream != event.portfolio or share.held < event.granted_ms:
        raise OverBudget(f"{event.portfolio} does not hold {event.granted_ms} for {member}", "nothing was written")


def _granted(connection: Connection, member: CampaignId) -> int:
    return connection.scalar(select(accounts.c.granted).where(accounts.c.stream == member)) or 0


def _first(connection: Connection, stream: CampaignId) -> e.Event | None:
    columns = (events.c.key, events.c.kind, events.c.payload, events.c.v)
    return _decoded(connection.execute(select(*columns).where(events.c.stream == stream, events.c.seq == 1)))


def _decoded(found: CursorResult[Any]) -> e.Event | None:
    row = found.one_or_none()
    return None if row is None else codec.decode(Entry(key=row.key, kind=row.kind, payload=row.payload, v=row.v))
