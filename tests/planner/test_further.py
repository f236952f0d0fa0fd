"""What the next runs are worth, told from what runs have said so far."""

import pytest

from rea.domain.campaign import Campaign
from rea.domain.experiment import Phase
from rea.planner.further import further
from rea.planner.outlook import outlook
from rea.testing.simulation import Truth, World


@pytest.fixture(scope="module")
def midway() -> Campaign:
    """Return a campaign in its Combination."""
    w = World(
        truth=Truth(effects={"a": 0.006, "b": 0.004, "c": -0.004, "d": 0.0, "e": 0.002}), budget_s=2400.0, rungs=False
    )
    w.open()
    for _ in range(200):
        w.wake()
        c = w.state
        if (record := c.phase(1, Phase.COMBINATION)) and len(record.replicates) > 3:
            return c
        w.approve()
        w.pass_time()
    raise AssertionError("Combination was not reached")


def test_more_runs_are_worth_more_and_none_is_worth_less_than_nothing(midway: Campaign) -> None:
    one, many = further(midway, 1), further(midway, 6)
    assert one is not None and many is not None
    assert -0.0005 < one[0].value < many[0].value
    assert 0 <= one[1] <= 1


def test_the_page_tells_it_once_runs_have_spoken(midway: Campaign) -> None:
    assert midway.plan is not None
    told = further(midway, max(1, round(0.1 * midway.plan.budget_ms / 60_000)))
    seen = outlook(midway, midway.plan)
    assert told is not None and seen.more.low <= seen.more.high
    assert seen.more.value == pytest.approx(told[0].value, abs=0.002)


def test_before_any_run_nothing_is_told() -> None:
    w = World(truth=Truth(effects={"a": 0.006}), budget_s=2400.0)
    w.open()
    while w.state.plan is None:
        w.wake()
        w.pass_time()
    assert further(w.state, 3) is None
