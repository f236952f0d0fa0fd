"""Creating, migrating, refusing: what happens to the file, and what the reader is told."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError as Refused

from rea.domain.errors import OverBudget, StoreError
from rea.store import leases, migrations, schema
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.conformance_journal import C, granted, note, reserved


def execute(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_the_file_is_made_with_its_folders_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "store.db"
    Database(path)
    assert path.stat().st_mode & 0o077 == 0


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    SqlJournal(Database(path)).append(C, [note("a")])
    before = path.read_bytes()
    assert len(SqlJournal(Database(path)).read(C)) == 1
    assert path.read_bytes() == before


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    Database(path)
    execute(path, f"UPDATE meta SET value = {schema.VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=f"schema {schema.VERSION + 1}.*up to {schema.VERSION}") as caught:
        Database(path)
    assert "upgrade" in caught.value.hint
    assert path.read_bytes() == before


def test_an_older_schema_is_backed_up_and_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, old = tmp_path / "store.db", schema.VERSION
    SqlJournal(Database(path)).append(C, [note("a")])
    monkeypatch.setattr(schema, "VERSION", old + 2)
    steps = {old: ["ALTER TABLE streams ADD COLUMN colour TEXT"], old + 1: ["UPDATE streams SET colour = 'blue'"]}
    monkeypatch.setattr(migrations, "MIGRATIONS", steps)
    with Database(path).read() as connection:
        assert connection.exec_driver_sql("SELECT colour FROM streams").scalar() == "blue"
        assert migrations.schema_version(connection) == old + 2
    backup = tmp_path / f"store.db.v{old}.backup"
    monkeypatch.undo()
    assert len(SqlJournal(Database(backup)).read(C)) == 1
    assert {p.name for p in tmp_path.iterdir() if p.stat().st_size} == {"store.db", backup.name}


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, old = tmp_path / "store.db", schema.VERSION
    SqlJournal(Database(path)).append(C, [note("a")])
    monkeypatch.setattr(schema, "VERSION", old + 1)
    steps = {old: ["ALTER TABLE streams ADD COLUMN colour TEXT", "ALTER TABLE nowhere ADD COLUMN x TEXT"]}
    monkeypatch.setattr(migrations, "MIGRATIONS", steps)
    with pytest.raises(StoreError, match="nowhere"):
        Database(path)
    monkeypatch.undo()
    assert len(SqlJournal(Database(path)).read(C)) == 1


def test_every_earlier_schema_leads_to_this_one() -> None:
    assert sorted(migrations.MIGRATIONS) == list(range(1, schema.VERSION))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET held = held + 41",
        "UPDATE ledger SET spent = 1000",
        "UPDATE ledger SET held = -1",
        "UPDATE ledger SET spent = -1",
        "UPDATE ledger SET granted = 59",
        "INSERT INTO ledger VALUES ('x', 0, 1, 0, 0)",
    ],
)
def test_the_database_itself_refuses_to_overspend(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "store.db"
    SqlJournal(Database(path)).append(C, [*granted(100), reserved(0, 60)])
    with pytest.raises(sqlite3.IntegrityError, match=schema.WITHIN_GRANT):
        execute(path, statement)


def test_the_refusal_of_the_database_is_told_as_over_budget(database: Database) -> None:
    journal = SqlJournal(database)
    journal.append(C, granted(100))
    with pytest.raises(OverBudget) as caught:
        journal.append(C, [reserved(0, 101)])
    assert isinstance(caught.value.__cause__, Refused)


def test_planted_bug_without_the_check_a_campaign_overspends(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    journal = SqlJournal(Database(path))
    journal.append(C, granted(100))
    columns = "stream TEXT PRIMARY KEY, granted INT, held INT, spent INT, overrun INT"
    execute(path, "ALTER TABLE ledger RENAME TO guarded")
    execute(path, f"CREATE TABLE ledger ({columns})")
    execute(path, "INSERT INTO ledger SELECT * FROM guarded")
    journal.append(C, [reserved(0, 101)])
    assert journal.ledger(C).free < 0


def test_a_lock_held_too_long_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    journal = SqlJournal(Database(path, busy_timeout_s=0.05))
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        for touch in (
            lambda: journal.append(C, [note("a")]),
            lambda: journal.read(C),
            lambda: Database(path, busy_timeout_s=0.05),
        ):
            with pytest.raises(StoreError, match=r"locked by another process for more than 0\.05 s") as caught:
                touch()
            assert "try again" in caught.value.hint
    assert journal.append(C, [note("a")]) == 1


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"not a database at all, but long enough to be looked at " * 40)
    with pytest.raises(StoreError, match="not a database"):
        Database(path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        Database(tmp_path / "file" / "store.db")


def test_a_store_of_the_first_version_is_brought_up_to_date_and_keeps_its_campaigns(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    SqlJournal(Database(path)).append(C, [note("a")])
    for table in ("leases", "allowances", "call_holds", "verdicts"):
        execute(path, f"DROP TABLE {table}")
    execute(path, "UPDATE meta SET value = 1")
    database = Database(path)
    assert len(SqlJournal(database).read(C)) == 1
    assert leases.take(database, C, "a").fence == 1
    assert path.with_name("store.db.v1.backup").exists()
