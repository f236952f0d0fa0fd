"""A server that is killed under load and started again: nothing acknowledged is lost, nothing is recorded twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from store import writers
from store.postgres.server import Server, server

from rea.domain.errors import StoreError
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.conformance_journal import C, note

KILLS, WRITERS = 4, 3


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = server(tmp_path_factory.mktemp("killed"))
    yield made
    made.stop()


def append_through_outages(url: str, name: str, stop: Path, acknowledged: Path) -> None:
    """Append one note after another; one whose fate is unknown is told again under its key, as a wake does."""
    journal, index = None, 0
    with acknowledged.open("a", buffering=1) as file:
        while not stop.exists():
            try:
                journal = journal or SqlJournal(Database(url))
                journal.append(C, [note(f"{name}-{index}")])
            except StoreError:
                continue
            file.write(f"{index}\n")
            index += 1


def test_killed_under_load_and_started_again(own: Server, tmp_path: Path) -> None:
    Database(own.url)
    stop, told = tmp_path / "stop", [tmp_path / f"told{n}" for n in range(WRITERS)]
    started = [writers.start(append_through_outages, own.url, f"w{n}", stop, path) for n, path in enumerate(told)]
    for kill in range(KILLS):
        wanted = 15 * (kill + 1)
        while not told[0].exists() or len(told[0].read_text().split()) < wanted:
            started[0].join(0.01)
        own.kill()
        own.start()
    stop.touch()
    for process in started:
        process.join(60)
    keys = [record.key for record in SqlJournal(Database(own.url)).read(C)]
    acknowledged = [note(f"w{n}-{index}").key for n, path in enumerate(told) for index in path.read_text().split()]
    assert set(acknowledged) - set(keys) == set()
    assert len(set(keys)) == len(keys)
    assert [process.exitcode for process in started] == [0] * WRITERS
