"""How a database made by an earlier version becomes one of this version: a list, applied in one transaction."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection, inspect, select

from rea.domain.errors import StoreError
from rea.store import schema

MIGRATIONS: Mapping[int, Sequence[str]] = {
    1: (
        "CREATE TABLE leases (stream TEXT NOT NULL, holder TEXT NOT NULL, fence BIGINT NOT NULL, expires FLOAT NOT NULL, "
        "PRIMARY KEY (stream))",
    ),
    2: (
        "CREATE TABLE verdicts (entry TEXT NOT NULL, stream TEXT NOT NULL, seq INTEGER NOT NULL, replicate TEXT NOT NULL, "
        "agrees INTEGER NOT NULL, PRIMARY KEY (entry, stream, seq))",
        "CREATE TABLE allowances (stream TEXT NOT NULL, unit TEXT NOT NULL, granted BIGINT NOT NULL, held BIGINT NOT NULL, "
        "spent BIGINT NOT NULL, overrun BIGINT NOT NULL, PRIMARY KEY (stream, unit), "
        "CONSTRAINT calls_within_grant CHECK (held >= 0 AND spent >= 0 AND held + spent <= granted))",
        "CREATE TABLE call_holds (stream TEXT NOT NULL, call TEXT NOT NULL, tokens BIGINT NOT NULL, micros BIGINT NOT NULL, "
        "PRIMARY KEY (stream, call))",
        "INSERT INTO allowances SELECT stream, 'tokens', 0, 0, 0, 0 FROM streams",
        "INSERT INTO allowances SELECT stream, 'micros', 0, 0, 0, 0 FROM streams",
    ),
}
"""By the version they lead from: statements, as they were on the day they were written, never edited afterwards."""


def migrate(connection: Connection, back_up: Callable[[int], None]) -> None:
    """Create the tables, or bring them up to date, after ``back_up`` was called with the version that is left.

    Raises:
        StoreError: the database was made by a newer version of this program.
    """
    version = schema_version(connection)
    if version is None:
        schema.metadata.create_all(connection)
        connection.execute(schema.meta.insert().values(name="schema", value=schema.VERSION))
    elif version > schema.VERSION:
        raise StoreError(
            f"the database has schema {version}; this program knows schemas up to {schema.VERSION}",
            "upgrade rea, or point REA_STATE at another folder",
        )
    elif version < schema.VERSION:
        back_up(version)
        _upgrade(connection, version)


def schema_version(connection: Connection) -> int | None:
    """Return the schema's version, or None when there are no tables yet."""
    if not inspect(connection).has_table(schema.meta.name):
        return None
    return connection.scalar(select(schema.meta.c.value).where(schema.meta.c.name == "schema"))


def _upgrade(connection: Connection, version: int) -> None:
    for step in range(version, schema.VERSION):
        for statement in MIGRATIONS[step]:
            connection.exec_driver_sql(statement)
    row = schema.meta.c.name == "schema"
    connection.execute(schema.meta.update().where(row).values(value=schema.VERSION))
