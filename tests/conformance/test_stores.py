"""Insights, openings and snapshots: one suite each, over SQLite, PostgreSQL and memory; and bugs that the suites see."""

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import pytest
from conformance.planted import is_seen

from rea.domain import event as e
from rea.domain.event import Event
from rea.domain.ids import CampaignId, Digest
from rea.domain.insight import Insight
from rea.ports import Snapshot
from rea.store.database import Database
from rea.store.insights import SqlInsights
from rea.store.journal import SqlJournal
from rea.store.snapshots import SqlSnapshots
from rea.testing.conformance_insights import Fresh, InsightsConformance
from rea.testing.conformance_openings import Log, OpeningsConformance
from rea.testing.conformance_snapshots import Place, SnapshotsConformance
from rea.testing.memory import MemoryInsights, MemoryJournal
from rea.testing.simulation import Truth, World


@pytest.fixture
def sqlite(tmp_path: Path) -> Callable[[], Database]:
    numbers = count()
    return lambda: Database(tmp_path / f"{next(numbers)}.db")


class TestSqliteInsights(InsightsConformance):
    @pytest.fixture
    def fresh(self, sqlite: Callable[[], Database]) -> Fresh:
        return lambda: SqlInsights(sqlite())


class TestMemoryInsights(InsightsConformance):
    @pytest.fixture
    def fresh(self) -> Fresh:
        return MemoryInsights


class TestSimulatedInsights(InsightsConformance):
    @pytest.fixture
    def fresh(self) -> Fresh:
        return lambda: World(truth=Truth(effects={})).ports.insights


class TestPostgresInsights(InsightsConformance):
    @pytest.fixture
    def fresh(self, urls: Callable[[], str]) -> Fresh:
        return lambda: SqlInsights(Database(urls()))


class TestSqliteOpenings(OpeningsConformance):
    @pytest.fixture
    def log(self, sqlite: Callable[[], Database]) -> Log:
        return SqlJournal(sqlite())


class TestMemoryOpenings(OpeningsConformance):
    @pytest.fixture
    def log(self) -> Log:
        return MemoryJournal()


class TestPostgresOpenings(OpeningsConformance):
    @pytest.fixture
    def log(self, urls: Callable[[], str]) -> Log:
        return SqlJournal(Database(urls()))


class TestSqliteSnapshots(SnapshotsConformance):
    @pytest.fixture
    def place(self, sqlite: Callable[[], Database]) -> Place:
        store = sqlite()
        return Place(SqlJournal(store), SqlSnapshots(store))


class TestPostgresSnapshots(SnapshotsConformance):
    @pytest.fixture
    def place(self, urls: Callable[[], str]) -> Place:
        store = Database(urls())
        return Place(SqlJournal(store), SqlSnapshots(store))


class Piling(MemoryInsights):
    """Keeps whatever it is told, as often as it is told, in that order."""

    def __init__(self) -> None:
        super().__init__()
        self._piled: list[Insight] = []

    def add(self, insights: Sequence[Insight]) -> None:
        self._piled += insights

    def all(self) -> Sequence[Insight]:
        return tuple(self._piled)


@pytest.mark.parametrize(
    "law",
    [
        InsightsConformance.test_an_insight_is_kept_once_and_as_it_was_first,
        InsightsConformance.test_a_repetition_is_no_evidence,
        InsightsConformance.test_the_order_of_telling_is_forgotten,
    ],
)
def test_insights_that_pile_up_are_seen(law: Callable[..., None]) -> None:
    is_seen(law, InsightsConformance(), Piling)


def test_insights_that_keep_what_cannot_be_read_back_are_seen() -> None:
    law = InsightsConformance.test_what_could_not_be_read_back_is_refused_with_all_beside_it
    is_seen(law, InsightsConformance(), Piling, float("nan"))


class Trusting(MemoryJournal):
    """Counts what it is told, whatever number the opening has, and again each time."""

    told = 0

    def append(self, campaign: CampaignId, events: Sequence[Event], *, expected: int | None = None) -> int:
        self.told += sum(isinstance(event, e.TestOpened) for event in events)
        return len(events)

    def count(self, data: Digest) -> int:
        return self.told


@pytest.mark.parametrize(
    ("law", "given"),
    [
        (OpeningsConformance.test_an_opening_that_is_told_again_counts_once, ()),
        (OpeningsConformance.test_openings_add_up_over_campaigns_and_apart_for_each_test_set, ()),
        (OpeningsConformance.test_a_number_that_is_not_the_next_is_refused_and_counts_nothing, (3,)),
    ],
)
def test_openings_that_are_only_counted_are_seen(law: Callable[..., None], given: tuple[object, ...]) -> None:
    is_seen(law, OpeningsConformance(), Trusting(), *given)


class Careless:
    """One snapshot for everybody: of any campaign, of any code, after any event."""

    kept: Snapshot | None = None

    def save(self, campaign: CampaignId, seq: int, version: int, payload: bytes) -> None:
        self.kept = Snapshot(seq, payload)

    def load(self, campaign: CampaignId, version: int) -> Snapshot | None:
        return self.kept


@pytest.mark.parametrize(
    ("law", "given"),
    [
        (SnapshotsConformance.test_a_snapshot_serves_its_campaign_and_its_code_alone, ()),
        (SnapshotsConformance.test_a_snapshot_after_no_event_is_refused_and_hurts_none, (4,)),
    ],
)
def test_snapshots_that_serve_anybody_are_seen(law: Callable[..., None], given: tuple[object, ...]) -> None:
    is_seen(law, SnapshotsConformance(), Place(MemoryJournal(), Careless()), *given)
