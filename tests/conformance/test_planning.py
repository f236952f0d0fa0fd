"""Sources of hypotheses and searches, each found by listing its folder: one suite a port, and bugs that the suites see."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random

import pytest
from conformance.planted import is_seen
from planner.foreign import HERE
from planner.foreign import briefing as foreign

from rea import planner
from rea.domain.change import Change
from rea.domain.hypothesis import Effect, Hypothesis
from rea.domain.lever import Lever, Scalar
from rea.knowledge.techniques.catalogue import load
from rea.planner.search.optuna_search import OptunaSearch
from rea.planner.sources.engineer.source import EngineerSource
from rea.planner.sources.history.source import HistorySource
from rea.planner.sources.research.source import ResearchSource
from rea.ports import Briefing, HypothesisSource, Point, Search
from rea.testing.conformance_insights import DRIER, FASTER, learnt
from rea.testing.conformance_search import LEVERS, START, SearchConformance
from rea.testing.conformance_source import SourceConformance
from rea.testing.memory import MemoryInsights
from rea.testing.simulation import Truth, World, workload

IDEAS = """
[[idea]]
statement = "A big batch is as good"
set = { bs = 65536 }

[[idea]]
statement = "Train longer"
moves = ["epochs x 2"]

[[idea]]
statement = "Train longer, again"
moves = ["epochs x 2"]
"""


def engineer(folder: Path) -> HypothesisSource:
    (folder / "ideas.toml").write_text(IDEAS)
    return EngineerSource(folder / "ideas.toml")


def history(folder: Path) -> HypothesisSource:
    known = MemoryInsights()
    known.add([replace(learnt(0.02, move=move, day=n + 1), setting=HERE) for n, move in enumerate((FASTER, DRIER))])
    return HistorySource(known, load())


def research(folder: Path) -> HypothesisSource:
    return ResearchSource(load())


SOURCES = {"engineer": engineer, "history": history, "research": research}
ASKING = {"model"}  # proposes only what a model says: planner/sources/model scripts one


def test_no_source_is_left_out() -> None:
    folders = (Path(planner.__file__).parent / "sources").iterdir()
    assert {folder.name for folder in folders if (folder / "source.py").exists()} == set(SOURCES) | ASKING


class TestSources(SourceConformance):
    @pytest.fixture(params=SOURCES)
    def source(self, request: pytest.FixtureRequest, tmp_path: Path) -> HypothesisSource:
        return SOURCES[request.param](tmp_path)

    @pytest.fixture
    def briefing(self) -> Briefing:
        return foreign()


class TestSimulatedSource(SourceConformance):
    @pytest.fixture
    def source(self) -> HypothesisSource:
        (source,) = World(truth=Truth(effects={"a": 0.1, "b": 0.2, "c": 0.0})).ports.sources
        return source

    @pytest.fixture
    def briefing(self) -> Briefing:
        return foreign(workload(("a", "b", "c")))


class TestOptunaSearch(SearchConformance):
    @pytest.fixture
    def search(self) -> Search:
        return OptunaSearch()


class TestSimulatedSearch(SearchConformance):
    @pytest.fixture
    def search(self) -> Search:
        return World(truth=Truth(effects={})).ports.search


class Remembering:
    """A source that keeps state between calls, repeats itself, and promises nothing that could be shown wrong."""

    def __init__(self, folder: Path) -> None:
        self._inner, self._calls = research(folder), count()

    def propose(self, briefing: Briefing, count: int) -> Sequence[Hypothesis]:
        found = self._inner.propose(replace(briefing, taken=frozenset()), 10)[next(self._calls) :]
        unclear = [replace(h, falsifier="", predicted=Effect(value=1.0, low=2.0, high=0.0)) for h in found]
        return tuple(unclear * 2)


@pytest.mark.parametrize(
    "law",
    [
        SourceConformance.test_hypotheses_are_distinct_and_no_more_than_asked_for,
        SourceConformance.test_asked_again_it_says_the_same,
        SourceConformance.test_each_can_be_tried_and_be_shown_wrong,
        SourceConformance.test_what_is_taken_is_never_proposed_and_an_end_is_reached,
    ],
)
def test_a_source_that_remembers_is_seen(law: Callable[..., None], tmp_path: Path) -> None:
    is_seen(law, SourceConformance(), Remembering(tmp_path), foreign())


class Rolling:
    """A search that rolls its own die, forgets what was tried, leaves levers out and goes beyond their range."""

    def __init__(self) -> None:
        self._die = Random(0)

    def suggest(
        self, levers: Sequence[Lever], start: Mapping[str, Scalar], points: Sequence[Point], count: int, seed: int
    ) -> Sequence[Change]:
        return [Change(overrides=(("rate", 100.0 * self._die.randrange(2)),)) for _ in range(count + 1)]


@pytest.mark.parametrize(
    "law",
    [
        SearchConformance.test_the_same_history_and_seed_give_the_same_answer,
        SearchConformance.test_suggestions_are_distinct_and_no_more_than_asked_for,
        SearchConformance.test_what_was_tried_or_failed_is_not_suggested_again,
        SearchConformance.test_a_suggestion_is_a_whole_configuration_that_levers_admit,
        SearchConformance.test_nothing_to_turn_suggests_nothing,
    ],
)
def test_a_search_that_rolls_a_die_is_seen(law: Callable[..., None]) -> None:
    is_seen(law, SearchConformance(), Rolling())


class Greedy(OptunaSearch):
    """Writes into what it was given."""

    def suggest(
        self, levers: Sequence[Lever], start: Mapping[str, Scalar], points: Sequence[Point], count: int, seed: int
    ) -> Sequence[Change]:
        if isinstance(start, dict):
            start.update(rate=9.0)
        return ()


def test_a_search_that_writes_into_its_input_is_seen() -> None:
    assert dict(START) and LEVERS
    is_seen(SearchConformance.test_what_it_is_given_is_left_as_it_was, SearchConformance(), Greedy())
