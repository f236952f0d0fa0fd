"""The projections, built anew from the events."""

from collections.abc import Sequence

from sqlalchemy import select

from rea.domain.ids import CampaignId
from rea.store import projections, stream
from rea.store.database import Database
from rea.store.journal import PAGE
from rea.store.schema import snapshots, streams


def rebuild(database: Database) -> Sequence[CampaignId]:
    """Rebuild ledger, holds and openings of every campaign, forget the snapshots, and return the campaigns; all or nothing.

    Insights stay: events name them by digest, and ``SqlInsights.missing`` says which of those are not kept.

    Raises:
        IntegrityError: a journal is not what was written; nothing was changed.
    """
    with database.write() as connection:
        connection.execute(snapshots.delete())
        names = tuple(CampaignId(name) for name in connection.scalars(select(streams.c.stream)))
        for name in names:
            projections.clear(connection, name)
            seen = 0
            while page := stream.rows(connection, name, seen, PAGE):
                for row in page:
                    projections.project(connection, name, row.seq, stream.decoded(row))
                seen = page[-1].seq
    return names
