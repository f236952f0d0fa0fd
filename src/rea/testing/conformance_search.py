"""What every ``Search`` must do. Subclass ``SearchConformance`` in a test, give it a ``search`` fixture, and run it."""

from collections.abc import Mapping, Sequence

from rea.domain.change import Change
from rea.domain.lever import Lever, LeverType, Role, Scalar
from rea.ports import Point, Search

LEVERS = (
    Lever(name="rate", type=LeverType.FLOAT, role=Role.LEARNING_RATE, default=1.0, low=0.1, high=10.0, log=True),
    Lever(name="drop", type=LeverType.FLOAT, role=Role.DROPOUT, default=0.5, low=0.0, high=2.0),
)
START: Mapping[str, Scalar] = {"rate": 1.0, "drop": 0.5}


def asked(search: Search, points: Sequence[Point] = (), count: int = 4, seed: int = 1) -> tuple[Change, ...]:
    """Return what ``search`` suggests around ``START``."""
    return tuple(search.suggest(LEVERS, START, points, count, seed))


class SearchConformance:
    """The laws of an optimiser without a memory. The fixture ``search`` is one."""

    def test_the_same_history_and_seed_give_the_same_answer(self, search: Search) -> None:
        points = [Point(change=change, effect=0.01 * n) for n, change in enumerate(asked(search))]
        assert asked(search, points) == asked(search, points)
        asked(search, points, seed=2)
        assert asked(search, points) == asked(search, points)

    def test_suggestions_are_distinct_and_no_more_than_asked_for(self, search: Search) -> None:
        for count in range(5):
            found = asked(search, count=count)
            assert len(set(found)) == len(found) <= count
        assert asked(search, count=0) == ()
        assert asked(search, count=1) != ()

    def test_what_was_tried_or_failed_is_not_suggested_again(self, search: Search) -> None:
        points: list[Point] = []
        for effect in (0.01, None, -0.01):
            found = asked(search, points, count=2)
            assert not {point.change for point in points} & set(found)
            points += [Point(change=change, effect=effect) for change in found]

    def test_a_suggestion_is_a_whole_configuration_that_levers_admit(self, search: Search) -> None:
        for change in asked(search, count=8):
            values = dict(change.overrides)
            assert set(values) == set(START)
            assert values != dict(START)
            assert all(lever.admits(values[lever.name]) for lever in LEVERS)

    def test_a_history_of_failures_alone_stops_nothing(self, search: Search) -> None:
        points = [Point(change=change, effect=None) for change in asked(search)]
        assert asked(search, points) == asked(search, points)

    def test_nothing_to_turn_suggests_nothing(self, search: Search) -> None:
        assert tuple(search.suggest((), {}, [], 3, 1)) == ()

    def test_what_it_is_given_is_left_as_it_was(self, search: Search) -> None:
        start, points = dict(START), [Point(change=Change(overrides=(("rate", 2.0), ("drop", 0.5))), effect=0.1)]
        search.suggest(LEVERS, start, points, 3, 1)
        assert (start, len(points)) == (dict(START), 1)
