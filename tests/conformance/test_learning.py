"""Readers of logs and the standings of runbook entries: one suite each, and bugs that the suites see."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from conformance.planted import is_seen
from executor.suggestion.cases import FOUND, failed, workload
from scripted import Scripted

from rea.agent.question import NoModel
from rea.domain.ids import Digest, JobId
from rea.domain.records import JobRecord
from rea.domain.runbook import EntryVerdict
from rea.domain.suggestion import Suggestion
from rea.domain.workload import Workload
from rea.executor.suggestion.reader import ModelReader
from rea.ports import LogReader
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.conformance_reader import ReaderConformance
from rea.testing.conformance_standings import Log, StandingsConformance
from rea.testing.memory import MemoryJournal

Failed = tuple[JobRecord, Workload]


class TestModelReader(ReaderConformance):
    @pytest.fixture(params=["an honest model", "no model"])
    def reader(self, request: pytest.FixtureRequest) -> LogReader:
        honest = Scripted({"reader": lambda q: FOUND if "zorp" in q.material else None})
        return ModelReader(honest if request.param == "an honest model" else NoModel())

    @pytest.fixture
    def failed(self) -> Failed:
        return failed(), workload()


class Inventing(ModelReader):
    """Quotes what no log says, and speaks of another job."""

    def read(self, record: JobRecord, workload: Workload) -> Suggestion:
        return replace(ModelReader.read(self, record, workload), job=JobId("other"), lines=("all is well",))


@pytest.mark.parametrize(
    "law",
    [
        ReaderConformance.test_it_speaks_of_the_job_it_was_asked_about,
        ReaderConformance.test_what_it_quotes_stands_in_the_log,
        ReaderConformance.test_a_log_of_nothing_is_no_error,
    ],
)
def test_planted_an_inventing_reader_is_seen(law: Callable[..., None]) -> None:
    is_seen(law, ReaderConformance(), Inventing(Scripted({"reader": lambda _: FOUND})), (failed(), workload()))


class TestMemoryStandings(StandingsConformance):
    @pytest.fixture
    def log(self) -> Log:
        return MemoryJournal()


class TestSqliteStandings(StandingsConformance):
    @pytest.fixture
    def log(self, tmp_path: Path) -> Log:
        return SqlJournal(Database(tmp_path / "store.db"))


class TestPostgresStandings(StandingsConformance):
    @pytest.fixture
    def log(self, urls: Callable[[], str]) -> Log:
        return SqlJournal(Database(urls()))


class Muddled(MemoryJournal):
    """Tells every entry what is known of any."""

    def verdicts(self, entries: Sequence[Digest]) -> Mapping[Digest, Sequence[EntryVerdict]]:
        known = super().verdicts([Digest("d"), Digest("e")])
        return {entry: [told for all_of in known.values() for told in all_of] for entry in known}


@pytest.mark.parametrize(
    "law",
    [
        StandingsConformance.test_each_entry_has_its_own,
        StandingsConformance.test_nobody_asked_about_is_answered_with_nothing,
    ],
)
def test_planted_muddled_standings_are_seen(law: Callable[..., None]) -> None:
    is_seen(law, StandingsConformance(), Muddled())
