"""A campaign leaves one store and arrives in another, whole or not at all."""

from pathlib import Path

import pytest
from store.insights import insight

from rea.domain.errors import IntegrityError, StoreError, UsageError
from rea.domain.ids import Digest
from rea.store import codec
from rea.store.database import Database
from rea.store.exchange import export_campaign, import_campaign
from rea.store.insights import SqlInsights
from rea.store.journal import SqlJournal
from rea.testing.conformance_journal import C, ended, granted, note, opened, reserved


@pytest.fixture
def lines(tmp_path: Path) -> list[bytes]:
    database = Database(tmp_path / "from.db")
    journal, insights = SqlJournal(database, now=lambda: "then"), SqlInsights(database)
    journal.append(C, [*granted(100), reserved(0, 40), ended(0, 30), opened(1)])
    insights.add([insight(0.01), insight(0.02, campaign="another")])
    return list(export_campaign(journal, insights, C))


@pytest.fixture
def insights(database: Database) -> SqlInsights:
    return SqlInsights(database)


def test_it_arrives_as_it_left(tmp_path: Path, lines: list[bytes], journal: SqlJournal, insights: SqlInsights) -> None:
    source = SqlJournal(Database(tmp_path / "from.db"))
    for _ in range(2):
        assert import_campaign(journal, insights, lines) == C
        assert journal.read(C) == source.read(C)
        assert journal.head(C) == source.head(C) and journal.ledger(C) == source.ledger(C)
        assert insights.all() == (insight(0.01),)
        assert list(export_campaign(journal, insights, C)) == lines
    assert journal.count(Digest("d")) == 1


def test_an_import_goes_on_where_an_earlier_one_ended(
    lines: list[bytes], journal: SqlJournal, insights: SqlInsights
) -> None:
    import_campaign(journal, insights, lines)
    journal.append(C, [note("later")])
    import_campaign(journal, insights, lines[:])
    assert len(journal.read(C)) == 6


def test_another_history_of_that_name_is_kept(lines: list[bytes], journal: SqlJournal, insights: SqlInsights) -> None:
    journal.append(C, [note("mine")])
    with pytest.raises(UsageError, match="another campaign c1"):
        import_campaign(journal, insights, lines)
    assert len(journal.read(C)) == 1 and insights.all() == ()


@pytest.mark.parametrize("line", range(8))
def test_a_file_that_lost_or_changed_a_line_is_refused(
    lines: list[bytes], journal: SqlJournal, insights: SqlInsights, line: int
) -> None:
    assert len(lines) == 8
    lost, changed = lines[:line] + lines[line + 1 :], [*lines]
    changed[line] = changed[line].replace(b"1", b"2", 1).replace(b"a", b"b", 1)
    for bad in (lost, changed):
        with pytest.raises(IntegrityError):
            import_campaign(journal, insights, bad)
    assert journal.campaigns() == () and insights.all() == ()


def test_a_newer_format_is_named(lines: list[bytes], journal: SqlJournal, insights: SqlInsights) -> None:
    lines[0] = lines[0].replace(b'"v":%d' % codec.VERSION, b'"v":%d' % (codec.VERSION + 1))
    with pytest.raises(StoreError, match="newer version"):
        import_campaign(journal, insights, lines)
