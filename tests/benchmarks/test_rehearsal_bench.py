"""The dry run's benchmark by itself: what it holds a dry run against is a campaign that was run to its end."""

import pytest

from benchmarks import rehearsal
from rea.domain.campaign import Campaign
from rea.domain.hypothesis import Effect
from rea.rehearsal.play import Rehearsed
from rea.testing.simulation import World


def test_the_campaign_goes_on_to_its_end_once_its_plan_is_approved() -> None:
    told = rehearsal.played(rehearsal.world(rehearsal.SETTINGS[0], 2), 2)
    assert told.spent_ms > 10 * rehearsal.RUN_S * 1000 and told.wall_s > 0


def test_planted_bug_a_campaign_that_stops_at_its_approval_has_spent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def approved(w: World) -> Campaign:
        w.approve()
        return w.state

    monkeypatch.setattr(rehearsal, "finish", approved)
    assert rehearsal.played(rehearsal.world(rehearsal.SETTINGS[0], 2), 2).spent_ms == 0


@pytest.mark.parametrize(("gain", "code"), [(0.0, 0), (1.0, 1)])
def test_an_interval_that_holds_too_seldom_fails_the_benchmark(
    monkeypatch: pytest.MonkeyPatch, gain: float, code: int
) -> None:
    nothing = Effect(value=0.0, low=0.0, high=0.0)
    said = Rehearsed(
        plays=1,
        gain=nothing,
        nothing=1.0,
        worse=0.0,
        asked=0.0,
        unfinished=0,
        spent_ms=nothing,
        wall_s=nothing,
        phases=(),
    )
    told = rehearsal.Told(said, gain, 0.0, 0.0, False)
    monkeypatch.setattr(rehearsal, "played", lambda w, plays: told)
    monkeypatch.setattr("sys.argv", ["rehearsal.py", "2", "1"])
    assert rehearsal.main() == code
