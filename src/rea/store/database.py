"""The connection to the database, and everything about it that depends on the dialect."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from rea.domain.errors import OverBudget, ReaError, StoreError
from rea.store import migrations, schema
from rea.store.storage import StorageReport, storage_report


class Database:
    """One database file. Nothing stays open between two transactions, so that no job inherits a handle on it."""

    def __init__(self, path: Path, *, busy_timeout_s: float = 30.0) -> None:
        """Open ``path``, creating or migrating it first.

        Raises:
            StoreError: it cannot be opened, is locked, or was made by a newer program.
        """
        self.path = path
        self.report: StorageReport = storage_report(path)
        self._busy_timeout_s = busy_timeout_s
        self._engine = _engine(path, busy_timeout_s, self.report.mode)
        with _named(path, busy_timeout_s):
            _touch(path)
        with self.read() as connection:
            current = migrations.schema_version(connection) == schema.VERSION
        if not current:
            with self.write() as connection:
                migrations.migrate(connection, self._back_up)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database throughout."""
        with _named(self.path, self._busy_timeout_s), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give the one connection that may write; all of what it wrote is kept, durably, or nothing.

        Raises:
            StoreError: someone else writes for longer than the busy timeout, or the database cannot be written.
            OverBudget: the ledger's CHECK refused.
        """
        with _named(self.path, self._busy_timeout_s), self._engine.connect() as connection:
            connection.execution_options(rea_write=True)
            with connection.begin():
                yield connection

    def _back_up(self, version: int) -> None:
        kept = self.path.with_name(f"{self.path.name}.v{version}.backup")
        partial = kept.with_name(f"{kept.name}.{os.getpid()}")
        with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(partial)) as target:
            source.backup(target)
        partial.replace(kept)


def _engine(path: Path, busy_timeout_s: float, mode: str) -> Engine:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": busy_timeout_s})

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # else the driver begins and commits by rules of its own
        _journal_mode(connection, mode)
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("rea_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _journal_mode(connection: sqlite3.Connection, wanted: str) -> None:
    (now,) = connection.execute("PRAGMA journal_mode").fetchone()
    if now != wanted:
        (now,) = connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
    if wanted != "wal" and now == "wal":
        raise sqlite3.OperationalError("database is locked")


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


@contextmanager
def _named(path: Path, busy_timeout_s: float) -> Iterator[None]:
    """Turn what the driver raises into what a reader can act on."""
    try:
        yield
    except (exc.DBAPIError, sqlite3.Error) as error:
        raise _named_error(path, str(getattr(error, "orig", error)), busy_timeout_s) from error
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror}", "check the path and its permissions") from error


def _named_error(path: Path, said: str, busy_timeout_s: float) -> ReaError:
    if schema.WITHIN_GRANT in said:
        return OverBudget("the approved budget does not cover it; nothing was recorded", "approve a larger budget")
    for symptom, what, hint in _SYMPTOMS:
        if symptom in said:
            return StoreError(f"{path} {what.format(wait=busy_timeout_s)}", hint)
    return StoreError(f"{path}: {said}", "nothing was written; run `rea doctor`")


_SYMPTOMS = (
    (
        "locked",
        "is locked by another process for more than {wait:g} s",
        "see who holds it with `fuser`; then try again",
    ),
    ("disk is full", "cannot be written: the disk is full", "nothing was written; free some space, then try again"),
    ("readonly", "is read-only", "give your user the right to write it"),
    ("not a database", "is not a database", "restore it from a backup"),
    ("malformed", "is damaged", "restore it from a backup, or import an export"),
    ("unable to open", "cannot be opened", "check the path and its permissions"),
)
