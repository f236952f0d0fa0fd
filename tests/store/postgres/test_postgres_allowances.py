"""Tokens and money on a real PostgreSQL server: guarded by the database itself, and there after a migration."""

import pytest
from sqlalchemy import text
from store.test_allowances import answered, asked, signed

from rea.domain.errors import OverBudget
from rea.domain.ledger import Ledger
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.conformance_journal import C


def test_no_call_is_reserved_beyond_what_was_granted_and_the_database_itself_refuses(url: str) -> None:
    database = Database(url)
    journal = SqlJournal(database)
    journal.append(C, [*signed(100, 10), asked(0, 60, 5)])
    with pytest.raises(OverBudget, match="language models"):
        journal.append(C, [asked(1, 41)])
    with pytest.raises(OverBudget), database.write() as connection:
        connection.execute(text("UPDATE allowances SET held = 101 WHERE unit = 'tokens'"))
    journal.append(C, [answered(0, 70, 1)])
    assert journal.allowances(C) == (Ledger(granted=100, spent=60, overrun=10), Ledger(granted=10, spent=1))


def test_a_store_made_before_there_were_calls_gains_their_tables(url: str) -> None:
    database = Database(url)
    SqlJournal(database).append(C, [*signed(0, 0)])
    with database.write() as connection:
        for statement in (
            "DROP TABLE allowances",
            "DROP TABLE call_holds",
            "DROP TABLE verdicts",
            "UPDATE meta SET value = 2",
        ):
            connection.execute(text(statement))
    journal = SqlJournal(Database(url))
    journal.append(C, [*signed(5, 0), asked(0, 5)])
    assert journal.allowances(C)[0].held == 5
