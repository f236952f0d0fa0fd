"""What is kept beside the journals: requests, answers to them, and evidence from outside. Nothing that decides reads any of it.

The table is made on first use and is no part of the schema that migrations lead to: no journal, ledger or insight depends on it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    inspect,
    select,
)

from rea.domain.errors import IntegrityError, StoreError
from rea.store.codec import sha256
from rea.store.database import Database

VERSION = 1
T = TypeVar("T")

metadata = MetaData()
table = Table(
    "aside",
    metadata,
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("campaign", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("v", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("digest", Text, nullable=False),
    PrimaryKeyConstraint("kind", "id"),
)
_encoder = msgspec.json.Encoder(order="sorted")


class Aside:
    """Values of any one type under a ``kind``, each kept once under its id, in the order they were kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: str, rows: Sequence[tuple[str, str, object]]) -> tuple[str, ...]:
        """Keep (id, campaign, value) rows, all of them or none; return the ids that were not kept before."""
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        with self._database.write() as connection:
            metadata.create_all(connection)
            known = set(connection.scalars(select(table.c.id).where(table.c.kind == kind)))
            fresh = {
                name: _row(kind, name, campaign, now, value) for name, campaign, value in rows if name not in known
            }
            if fresh:
                connection.execute(table.insert(), list(fresh.values()))
        return tuple(fresh)

    def once(self, kind: str, name: str, campaign: str, value: object) -> bool:
        """Keep a value; False when there is one of that id, which then stands."""
        return bool(self.add(kind, [(name, campaign, value)]))  # writers wait for each other, in any database

    def all(self, kind: str, of: type[T], campaign: str = "") -> tuple[T, ...]:
        """Return what is kept of a kind, the oldest first.

        Raises:
            IntegrityError: something is not what was written.
            StoreError: a newer version wrote it.
        """
        wanted = select(table.c.id, table.c.v, table.c.payload, table.c.digest).where(table.c.kind == kind)
        if campaign:
            wanted = wanted.where(table.c.campaign == campaign)
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(table.c.at, table.c.id)).all() if _there(connection) else []
        return tuple(_value(*row, of) for row in rows)


def _there(connection: Connection) -> bool:
    return inspect(connection).has_table(table.name)


def _row(kind: str, name: str, campaign: str, at: str, value: object) -> dict[str, object]:
    payload = _encoder.encode(value)
    kept: dict[str, object] = {"kind": kind, "id": name, "campaign": campaign, "at": at}
    return kept | {"v": VERSION, "payload": payload, "digest": sha256(payload)}


def _value(name: str, v: int, payload: bytes, digest: str, of: type[T]) -> T:
    if v > VERSION:
        raise StoreError(f"{name} was written by a newer version (format {v})", "upgrade rea")
    if sha256(payload) != digest:
        raise IntegrityError(f"{name} is not what was written", "restore the database from a backup")
    try:
        return msgspec.json.decode(payload, type=of)
    except msgspec.MsgspecError as error:
        raise IntegrityError(f"{name} cannot be read: {error}", "restore the database from a backup") from error
