"""What is kept beside the events is what they add up to."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from rea.campaign.evolve import replay
from rea.domain import event as e
from rea.domain.errors import OverBudget
from rea.domain.ids import Digest
from rea.domain.job import JobState
from rea.ports import Snapshot
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.store.rebuild import rebuild
from rea.store.snapshots import SqlSnapshots
from rea.testing.conformance_journal import OTHER, C, ended, granted, note, opened, reserved
from rea.testing.memory import MemoryJournal

amounts = st.integers(0, 60)
jobs = st.integers(0, 4)
signed = amounts.map(lambda amount: granted(amount)[1])
recorded = amounts.map(lambda amount: granted(amount)[0])
events = st.one_of(
    recorded,
    signed,
    st.builds(reserved, jobs, amounts),
    st.builds(ended, jobs, amounts, st.sampled_from([JobState.SUCCEEDED, JobState.LOST, JobState.RUNNING])),
)


def _append(journal: SqlJournal | MemoryJournal, batch: list[e.Event]) -> int | None:
    try:
        return journal.append(C, batch)
    except OverBudget:
        return None


@settings(max_examples=60, deadline=None)
@given(batches=st.lists(st.lists(events, max_size=4), max_size=10))
def test_database_fake_and_fold_agree_on_every_history(batches: list[list[e.Event]]) -> None:
    fake = MemoryJournal()
    with TemporaryDirectory() as folder:
        journal = SqlJournal(Database(Path(folder) / "store.db"))
        for batch in [[*granted(50)], *batches]:
            assert _append(journal, batch) == _append(fake, batch)
            ledger = journal.ledger(C)
            assert ledger == fake.ledger(C) == replay(r.event for r in journal.read(C)).ledger
            assert ledger.free >= 0 <= ledger.held


def test_of_an_event_told_twice_in_one_batch_the_first_keeps_its_place(tmp_path: Path) -> None:
    journal = SqlJournal(Database(tmp_path / "store.db"))
    journal.append(C, [reserved(2, 0), ended(2, 1), reserved(2, 0)])
    assert [type(r.event).__name__ for r in journal.read(C)] == ["JobReserved", "JobEnded"]


def _everything(path: Path) -> list[tuple[object, ...]]:
    tables = ("ledger", "holds", "openings", "events", "streams")
    with closing(sqlite3.connect(path)) as connection:
        return [row for table in tables for row in sorted(connection.execute(f"SELECT * FROM {table}"))]


def test_rebuilding_gives_what_was_there(tmp_path: Path, database: Database, journal: SqlJournal) -> None:
    path = tmp_path / "store.db"
    journal.append(C, [*granted(100), reserved(0, 40), reserved(1, 30), ended(0, 50), opened(1)])
    journal.append(OTHER, [*granted(7), reserved(0, 7), opened(2)])
    before = _everything(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in ("UPDATE ledger SET granted = 9999", "DELETE FROM holds", "DELETE FROM openings"):
            connection.execute(statement)
    assert _everything(path) != before
    assert rebuild(database) == (C, OTHER)
    assert _everything(path) == before
    assert journal.count(Digest("d")) == 2


def test_a_snapshot_is_kept_by_version_and_the_latest_counts(database: Database, journal: SqlJournal) -> None:
    journal.append(C, [note("a"), note("b")])
    snapshots = SqlSnapshots(database)
    assert snapshots.load(C, 1) is None
    snapshots.save(C, 1, 1, b"{}")
    snapshots.save(C, 2, 1, b'{"a":1}')
    assert snapshots.load(C, 1) == Snapshot(2, b'{"a":1}')
    assert snapshots.load(C, 2) is None and snapshots.load(OTHER, 1) is None
    snapshots.clear()
    assert snapshots.load(C, 1) is None


def test_a_snapshot_that_is_damaged_or_of_another_history_is_none(
    tmp_path: Path, database: Database, journal: SqlJournal
) -> None:
    journal.append(C, [note("a")])
    snapshots = SqlSnapshots(database)
    for damage in ("UPDATE snapshots SET payload = '[]'", "UPDATE events SET hash = 'other'"):
        snapshots.save(C, 1, 1, b"{}")
        assert snapshots.load(C, 1) is not None
        with closing(sqlite3.connect(tmp_path / "store.db")) as connection, connection:
            connection.execute(damage)
        assert snapshots.load(C, 1) is None
