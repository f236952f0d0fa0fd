"""SIGKILL a real migration before and after every call it makes to SQLite and to the file system: what is opened next is whole.

Every 16th place with every change; each of them by ``make test-slow``, and more than 500 kills with ``REA_MIGRATION_ROUNDS=4``.
"""

import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from itertools import count
from pathlib import Path
from types import FrameType

import pytest
from sqlalchemy import Connection

from rea.domain.errors import StoreError
from rea.domain.event import Event
from rea.store import migrations, schema
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.conformance_journal import OTHER, C, ended, granted, note, reserved

NEW = {"leases", "allowances", "call_holds", "verdicts"}  # tables that the first version did not have
HISTORY: list[Event] = [*granted(100), reserved(0, 40), reserved(1, 30), ended(0, 25), note("a")]
ROUNDS = int(os.environ.get("REA_MIGRATION_ROUNDS", "1"))
OF_THE_FILE_SYSTEM = (os.open, os.close, os.replace, os.rename)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store as the first version wrote it."""
    path = tmp_path / "old" / "store.db"
    journal = SqlJournal(Database(path))
    journal.append(C, HISTORY)
    journal.append(OTHER, granted(7))
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in NEW:
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE meta SET value = 1")
    return path


def killed_at(path: Path, number: int) -> bool:
    """Open the store in a fork that is killed at its ``number``-th touch of the world; False where it made fewer."""
    child = os.fork()
    if not child:
        touches = count(1)

        def touch(_: FrameType, what: str, function: object) -> None:
            if what in ("c_call", "c_return") and _touches(function) and next(touches) == number:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(touch)
        Database(path)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _touches(function: object) -> bool:
    sqlite = isinstance(getattr(function, "__self__", None), sqlite3.Connection | sqlite3.Cursor)
    return sqlite or any(function is known for known in OF_THE_FILE_SYSTEM)


def version_of(path: Path) -> int:
    """Return which version a store is of, by itself and by its tables: both have to say the same."""
    with closing(sqlite3.connect(path)) as connection:
        ((version,),) = connection.execute("SELECT value FROM meta WHERE name = 'schema'")
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert NEW & tables == (set() if version == 1 else NEW), (version, tables)
    return int(version)


def whole(path: Path) -> int:
    """Return the version that a kill left, after checking that everything in it is as it was, and that it leads on."""
    left, kept = version_of(path), path.with_name(f"{path.name}.v1.backup")
    if left > 1:
        assert version_of(kept) == 1, "what was changed was kept before"
    database = Database(path)
    journal = SqlJournal(database)
    assert [r.event for r in journal.read(C)] == HISTORY
    assert journal.ledger(C).held == 30 and journal.ledger(OTHER).granted == 7
    assert version_of(path) == schema.VERSION and version_of(kept) == 1
    return left


def kills(old: Path, tmp_path: Path, step: int) -> list[int]:
    """Kill at every ``step``-th touch, on a fresh copy each time, and return what version each left."""
    left: list[int] = []
    path, number = tmp_path / "killed" / "store.db", 1
    while True:
        shutil.rmtree(path.parent, ignore_errors=True)
        path.parent.mkdir()
        shutil.copy(old, path)
        if not killed_at(path, number):
            return left
        left.append(whole(path))
        number += step


def test_a_migration_that_is_killed_leaves_the_old_version_or_the_new(old: Path, tmp_path: Path) -> None:
    left = kills(old, tmp_path, 16)
    assert len(left) > 5 and set(left) <= {1, schema.VERSION} and left == sorted(left)


@pytest.mark.slow
def test_killed_at_every_place(old: Path, tmp_path: Path) -> None:
    for _ in range(ROUNDS):
        left = kills(old, tmp_path, 1)
        assert len(left) > 50 and set(left) == {1, schema.VERSION} and left == sorted(left)
        print(f"{len(left)} places: {left.count(1)} left the old version, {left.count(schema.VERSION)} the new")


def test_planted_bug_a_migration_that_commits_as_it_goes_is_stuck(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step_by_step(connection: Connection, version: int) -> None:
        for step in range(version, schema.VERSION):
            for statement in migrations.MIGRATIONS[step]:
                for text in (statement, "COMMIT", "BEGIN IMMEDIATE"):
                    connection.exec_driver_sql(text)
        connection.execute(schema.meta.update().values(value=schema.VERSION))

    monkeypatch.setattr(migrations, "_upgrade", step_by_step)
    with pytest.raises((AssertionError, StoreError)):
        kills(old, tmp_path, 16)
