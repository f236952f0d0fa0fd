"""SQLite: one file, one writer at a time, durable at every commit."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from rea.domain.errors import StoreError
from rea.store.storage import StorageReport, storage_report


class Sqlite:
    """The file at ``path``."""

    shared = False

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self.path, self.name = path, str(path)
        self.report: StorageReport = storage_report(path)
        self._busy_timeout_s = busy_timeout_s

    def engine(self) -> Engine:
        """Return an engine whose write transactions take the lock at their beginning."""
        arguments = {"timeout": self._busy_timeout_s}
        engine = create_engine(f"sqlite:///{self.path}", poolclass=NullPool, connect_args=arguments)

        @event.listens_for(engine, "connect")
        def connected(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
            connection.isolation_level = None  # else the driver begins and commits by rules of its own
            _journal_mode(connection, self.report.mode)
            connection.execute("PRAGMA synchronous = FULL")

        @event.listens_for(engine, "begin")
        def begun(connection: Connection) -> None:
            writes = connection.get_execution_options().get("rea_write", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    def prepare(self) -> None:
        """Make the file, readable by its owner only.

        Raises:
            StoreError: the file, or the folder that it lies in, is another user's.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for place in (self.path.parent, self.path):
            refuse_foreign(place)
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))

    def begin_write(self, connection: Connection) -> None:
        """Nothing more: BEGIN IMMEDIATE has taken the lock."""

    def back_up(self, version: int) -> None:
        """Keep a copy of what a migration is about to change."""
        kept = self.path.with_name(f"{self.path.name}.v{version}.backup")
        partial = kept.with_name(f"{kept.name}.{os.getpid()}")
        with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(partial)) as target:
            source.backup(target)
        partial.replace(kept)

    def named(self, said: str) -> StoreError:
        """Return what to tell a person about a refusal."""
        for symptom, what, hint in _SYMPTOMS:
            if symptom in said:
                return StoreError(f"{self.path} {what.format(wait=self._busy_timeout_s)}", hint)
        return StoreError(f"{self.path}: {said}", "run `rea doctor`, then try again: repeating is harmless")

    def now(self, connection: Connection) -> float:
        """Return the time in Unix seconds, by this machine's clock: there is no other."""
        return time.time()


def refuse_foreign(place: Path) -> None:
    """Take nothing that another user owns: what we wrote there would be out of that user's reach, or what is there out of ours.

    Raises:
        StoreError: ``place`` is there, and is another user's.
    """
    try:
        owner = place.stat().st_uid
    except FileNotFoundError:
        return
    if owner != os.geteuid():
        raise StoreError(
            f"{place} belongs to user {owner}, and you are user {os.geteuid()}",
            "work as its owner, or take a folder of your own with REA_STATE",
        )


def _journal_mode(connection: sqlite3.Connection, wanted: str) -> None:
    (now,) = connection.execute("PRAGMA journal_mode").fetchone()
    if now != wanted:
        (now,) = connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
    if wanted != "wal" and now == "wal":
        raise sqlite3.OperationalError("database is locked")


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
