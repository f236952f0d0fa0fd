"""The dry run's benchmark by itself: what it holds a dry run against is a campaign that was run to its end."""

import pytest

from benchmarks import rehearsal
from rea.domain.campaign import Campaign
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
