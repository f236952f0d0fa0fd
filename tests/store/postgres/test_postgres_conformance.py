"""What every store must do, on a real PostgreSQL server."""

import pytest
from sqlalchemy import text
from store.insights import HERE, insight, move

from rea.domain.errors import IntegrityError, OverBudget, StoreError, UsageError
from rea.ports import Journal
from rea.store.database import Database
from rea.store.insights import SqlInsights
from rea.store.journal import SqlJournal
from rea.store.rebuild import rebuild
from rea.testing.conformance_journal import C, JournalConformance, granted, note, reserved


class TestSqlJournal(JournalConformance):
    @pytest.fixture
    def journal(self, url: str) -> Journal:
        return SqlJournal(Database(url))


def test_the_ledger_is_guarded_by_the_database_itself(url: str) -> None:
    database = Database(url)
    SqlJournal(database).append(C, [*granted(100), reserved(0, 60)])
    with pytest.raises(OverBudget), database.write() as connection:
        connection.execute(text("UPDATE ledger SET held = 101"))
    assert SqlJournal(database).ledger(C).held == 60


def test_a_bent_event_is_found(url: str) -> None:
    database = Database(url)
    journal = SqlJournal(database)
    journal.append(C, [note(n) for n in "abc"])
    rebuild(database)
    with database.write() as connection:
        connection.execute(text("UPDATE events SET at = 'yesterday' WHERE seq = 2"))
    with pytest.raises(IntegrityError, match="2"):
        journal.read(C)


def test_insights_are_kept_once_and_found(url: str) -> None:
    insights = SqlInsights(Database(url))
    one = insight(0.01)
    insights.add([one, one])
    assert insights.all() == (one,)
    assert insights.prior([move(3.0)], HERE) is not None
    assert insights.find(one.technique) == (one,)


def test_a_server_that_is_away_is_said_to_be_and_a_password_in_a_url_is_refused() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match="cannot be reached"):
        Database("postgresql://rea@/x?host=/nonexistent")
    for leaky in ("postgresql://rea:canary@localhost/x", "postgresql://rea@localhost/x?password=canary"):
        with pytest.raises(UsageError, match="password") as refused:
            Database(leaky)
        assert "canary" not in str(refused.value) + refused.value.hint
    for wrong in ("mysql://x@y/z", "not a url"):
        with pytest.raises(UsageError):
            Database(wrong)
