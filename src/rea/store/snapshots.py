"""A cache of folded journals. Deleting any of it loses nothing but time."""

from sqlalchemy import select

from rea.domain.errors import StoreError
from rea.domain.ids import CampaignId
from rea.ports import Snapshot
from rea.store import codec
from rea.store.database import Database
from rea.store.schema import events, snapshots


class SqlSnapshots:
    """Snapshots by campaign: the latest, whichever version of the fold it is of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, campaign: CampaignId, seq: int, version: int, payload: bytes) -> None:
        """Keep ``payload`` as what the journal adds up to after event ``seq``. Raises StoreError when there is no such event."""
        with self._database.write() as connection:
            at = (events.c.stream == campaign, events.c.seq == seq)
            after = connection.scalar(select(events.c.hash).where(*at))
            if after is None:
                raise StoreError(f"campaign {campaign} has no event {seq} to take a snapshot after", "append it first")
            connection.execute(snapshots.delete().where(snapshots.c.stream == campaign))
            row = {"stream": campaign, "version": version, "seq": seq, "after": after}
            connection.execute(snapshots.insert().values(**row, payload=payload, digest=codec.sha256(payload)))

    def load(self, campaign: CampaignId, version: int) -> Snapshot | None:
        """Return the latest snapshot of this version, or None; one that is damaged or of another history is as good as none."""
        same = (
            snapshots.c.stream == events.c.stream,
            snapshots.c.seq == events.c.seq,
            snapshots.c.after == events.c.hash,
        )
        where = (snapshots.c.stream == campaign, snapshots.c.version == version, *same)
        with self._database.read() as connection:
            columns = select(snapshots.c.seq, snapshots.c.payload, snapshots.c.digest)
            row = connection.execute(columns.where(*where)).one_or_none()
        return Snapshot(row[0], row[1]) if row and codec.sha256(row[1]) == row[2] else None

    def clear(self) -> None:
        """Forget every snapshot."""
        with self._database.write() as connection:
            connection.execute(snapshots.delete())
