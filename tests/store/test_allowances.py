"""Tokens and money: the database, the fake and the fold agree on every history, and a CHECK stands behind the code."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rea.campaign.evolve import replay
from rea.domain import event as e
from rea.domain.errors import OverBudget, StoreError
from rea.domain.ids import Digest
from rea.domain.ledger import Ledger
from rea.domain.plan import Approval, Envelope
from rea.store import schema
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.store.rebuild import rebuild
from rea.testing.conformance_journal import C, checklist
from rea.testing.memory import MemoryJournal


def signed(tokens: int, micros: int) -> tuple[e.Event, e.Event]:
    """A checklist and its signature, which grants this much."""
    calls = Envelope(model="openai:m", tokens=tokens, micros=micros)
    shown = replace(checklist(100), calls=calls)
    approval = Approval(subject=shown.digest, by="ann", at="2026-01-01T00:00:00+00:00", granted_ms=100, calls=calls)
    return e.ChecklistRecorded(checklist=shown), e.ChecklistSigned(approval=approval)


def asked(call: int, tokens: int, micros: int = 0, attempt: int = 0) -> e.CallReserved:
    return e.CallReserved(call=Digest(f"c{call}"), attempt=attempt, role="r", tokens=tokens, micros=micros)


def answered(call: int, tokens: int, micros: int = 0, attempt: int = 0) -> e.CallSettled:
    return e.CallSettled(call=Digest(f"c{call}"), attempt=attempt, tokens=tokens, micros=micros, reply="d")


calls, amounts = st.integers(0, 3), st.integers(0, 60)
events = st.one_of(
    st.builds(asked, calls, amounts, amounts, st.integers(0, 1)),
    st.builds(answered, calls, amounts, amounts, st.integers(0, 1)),
    st.builds(lambda tokens, micros: signed(tokens, micros)[1], amounts, amounts),
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
        database = Database(Path(folder) / "store.db")
        journal = SqlJournal(database)
        for batch in [[*signed(50, 40)], *batches]:
            assert _append(journal, batch) == _append(fake, batch)
            state = replay(r.event for r in journal.read(C))
            assert journal.allowances(C) == fake.allowances(C) == (state.tokens, state.money)
            assert all(ledger.free >= 0 <= ledger.held for ledger in journal.allowances(C))
        before = journal.allowances(C)
        rebuild(database)
        assert journal.allowances(C) == before


@pytest.mark.parametrize("journal", [MemoryJournal, None])
def test_no_call_is_reserved_beyond_what_was_granted(journal: type[MemoryJournal] | None, tmp_path: Path) -> None:
    log = journal() if journal else SqlJournal(Database(tmp_path / "store.db"))
    with pytest.raises(OverBudget):
        log.append(C, [asked(0, 1)])
    length = log.append(C, [*signed(100, 10), asked(0, 60, 5)])
    for beyond in (asked(1, 41, 0), asked(1, 1, 6)):
        with pytest.raises(OverBudget):
            log.append(C, [beyond])
    assert len(log.read(C)) == length
    log.append(C, [answered(0, 20, 1), asked(1, 80, 9)])


def test_a_reply_that_cost_more_than_was_held_is_a_fact_and_breaks_nothing(tmp_path: Path) -> None:
    journal = SqlJournal(Database(tmp_path / "store.db"))
    journal.append(C, [*signed(100, 10), asked(0, 60), answered(0, 1000)])
    assert journal.allowances(C)[0] == Ledger(granted=100, held=0, spent=60, overrun=940)


@pytest.mark.parametrize("bad", [asked(0, -1), asked(0, 1, -1), answered(0, -5), answered(0, 2**70)])
def test_an_amount_that_cannot_be_added_up_is_refused(tmp_path: Path, bad: e.Event) -> None:
    journal = SqlJournal(Database(tmp_path / "store.db"))
    journal.append(C, [*signed(100, 10)])
    with pytest.raises(StoreError, match="between"):
        journal.append(C, [bad])


@pytest.mark.parametrize("column", ["held = held + 41", "spent = 101", "granted = 59", "held = -1"])
def test_the_database_itself_refuses_to_overspend(tmp_path: Path, column: str) -> None:
    path = tmp_path / "store.db"
    SqlJournal(Database(path)).append(C, [*signed(100, 10), asked(0, 60)])
    with (
        closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match=schema.WITHIN_ALLOWANCE),
    ):
        connection.execute(f"UPDATE allowances SET {column} WHERE unit = 'tokens'")


def test_planted_bug_without_the_check_a_campaign_overspends(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    journal = SqlJournal(Database(path))
    journal.append(C, [*signed(100, 10)])
    with closing(sqlite3.connect(path)) as connection, connection:
        columns = "stream TEXT, unit TEXT, granted INT, held INT, spent INT, overrun INT"
        connection.execute("ALTER TABLE allowances RENAME TO guarded")
        connection.execute(f"CREATE TABLE allowances ({columns})")
        connection.execute("INSERT INTO allowances SELECT * FROM guarded")
    journal.append(C, [asked(0, 101)])
    assert journal.allowances(C)[0].free < 0


def test_a_store_made_before_there_were_calls_gains_their_tables(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    SqlJournal(Database(path)).append(C, [*signed(0, 0)])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE allowances")
        connection.execute("DROP TABLE call_holds")
        connection.execute("DROP TABLE verdicts")
        connection.execute("UPDATE meta SET value = 2 WHERE name = 'schema'")
    journal = SqlJournal(Database(path))
    with pytest.raises(OverBudget):
        journal.append(C, [asked(0, 1)])
    journal.append(C, [*signed(5, 0), asked(0, 5)])
    assert journal.allowances(C)[0].held == 5


def test_a_plan_or_checklist_without_calls_has_the_digest_it_always_had() -> None:
    shown = checklist(100)
    assert shown.digest == "d0187574be4563bad70119ba8c9617beb0e8293a05e2fb0efebb1eff532f5181"  # before there were any
    assert replace(shown, calls=Envelope()).digest == shown.digest
    assert replace(shown, calls=Envelope(model="m", tokens=1)).digest != shown.digest
