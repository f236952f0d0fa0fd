"""The conformance suite, against the database and against the fake that campaigns are tested with."""

from pathlib import Path

import pytest

from rea.ports import Journal
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.conformance_journal import JournalConformance
from rea.testing.memory import MemoryJournal


class TestSqlJournal(JournalConformance):
    @pytest.fixture
    def journal(self, tmp_path: Path) -> Journal:
        return SqlJournal(Database(tmp_path / "store.db"))


class TestMemoryJournal(JournalConformance):
    @pytest.fixture
    def journal(self) -> Journal:
        return MemoryJournal()
