"""The search is told where every run stood: what a run did not turn stood at its default, wherever the best has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from rea.domain.action import Suggest
from rea.domain.campaign import Campaign
from rea.domain.change import Change
from rea.domain.lever import Lever, Scalar
from rea.planner import perform
from rea.planner.phases.exploitation import full_arms
from rea.ports import Point
from rea.testing.simulation import Truth, World


@dataclass(slots=True)
class Watching:
    """A search that remembers what it is told, and has nothing to say."""

    points: list[Point] = field(default_factory=list)
    start: dict[str, Scalar] = field(default_factory=dict)

    def suggest(
        self, levers: Sequence[Lever], start: Mapping[str, Scalar], points: Sequence[Point], count: int, seed: int
    ) -> Sequence[Change]:
        self.points, self.start = list(points), dict(start)
        return ()


@pytest.fixture(scope="module")
def world() -> World:
    """Two levers help, so that the best turns both, and others have turned one of them."""
    made = World(truth=Truth(effects={"a": 0.02, "b": 0.02, "c": -0.01}), budget_s=9000.0)
    made.run()
    return made


def told(world: World) -> tuple[Watching, Campaign]:
    watching, c = Watching(), world.state
    perform.suggest(Suggest(round=1, batch=0, count=1), c, replace(world.ports, search=watching))
    return watching, c


def faithful(watching: Watching, c: Campaign) -> bool:
    """Whether each point is what a run of that effect turned, and the default elsewhere."""
    ran = {(arm.raw, tuple(arm.change.value(name, 0.0) for name in watching.start)) for arm in full_arms(c)}
    return all((p.effect, tuple(p.change.value(name, -1.0) for name in watching.start)) in ran for p in watching.points)


def test_what_a_run_did_not_turn_is_told_at_its_default(world: World) -> None:
    watching, c = told(world)
    assert {"a", "b"} <= set(watching.start) and all(watching.start[name] for name in "ab")
    assert any(not all(value for _, value in p.change.overrides) for p in watching.points), "nothing to tell apart"
    assert faithful(watching, c)


def test_planted_bug_told_where_the_best_has_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    start = dict(told(world)[0].start)
    monkeypatch.setattr(
        perform,
        "_settings",
        lambda change, levers: Change(overrides=tuple((dict(start) | dict(change.overrides)).items())),
    )
    assert not faithful(*told(world))


def test_of_very_many_runs_the_search_is_told_the_best_and_a_sample(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = sorted(p.effect or 0.0 for p in told(world)[0].points)
    monkeypatch.setattr(perform, "MOST_POINTS", 4)
    few = [p.effect or 0.0 for p in told(world)[0].points]
    assert len(everything) > 6 and len(few) <= 4
    assert few[0] in everything and min(few) <= everything[len(everything) // 2]
