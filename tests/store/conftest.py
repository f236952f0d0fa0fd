from pathlib import Path

import pytest

from rea.store.database import Database
from rea.store.journal import SqlJournal


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "store.db")


@pytest.fixture
def journal(database: Database) -> SqlJournal:
    return SqlJournal(database)
