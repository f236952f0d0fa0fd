"""A dry run plays the campaign that would be run, in worlds that the predictions hold for possible, and leaves no trace."""

from dataclasses import replace

import pytest

from benchmarks.rehearsal import SETTINGS, holds, measured
from rea.domain.campaign import Campaign
from rea.domain.change import Change
from rea.domain.errors import UsageError
from rea.domain.event import HypothesesProposed
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Effect
from rea.domain.lever import LeverType, Role
from rea.rehearsal.play import Stage, play, rehearse
from rea.rehearsal.truth import imagine
from rea.testing.simulation import CAMPAIGN, Truth, World


@pytest.fixture(scope="module")
def waiting() -> World:
    w = World(truth=Truth(effects=dict.fromkeys("abcdef", 0.0)), budget_s=2400.0, rungs=False)
    w.open()
    while w.state.plan is None:
        w.wake()
        w.pass_time()
    return w


def stage(w: World, predicted: Effect | None = None) -> Stage:
    """Return the campaign as recorded; its hypotheses may have predicted something else."""
    recorded = []
    for r in w.journal.read(CAMPAIGN):
        event = r.event
        if isinstance(event, HypothesesProposed) and predicted is not None:
            event = replace(event, hypotheses=tuple(replace(h, predicted=predicted) for h in event.hypotheses))
        recorded.append(replace(r, event=event))
    return Stage(recorded=recorded)


def test_nothing_is_written_and_nothing_launched(waiting: World) -> None:
    before, launches, clock = waiting.journal.read(CAMPAIGN), list(waiting.backend.launches), waiting.clock
    rehearse(stage(waiting), 2)
    assert (waiting.journal.read(CAMPAIGN), waiting.backend.launches, waiting.clock) == (before, launches, clock)


def test_the_same_play_is_the_same_and_another_is_another(waiting: World) -> None:
    assert play(stage(waiting), 0) == play(stage(waiting), 0)
    assert len({play(stage(waiting), n).spent_ms for n in range(3)}) == 3


def test_what_is_played_goes_to_its_end_within_the_budget(waiting: World) -> None:
    found = play(stage(waiting), 1)
    c = waiting.state
    assert found.ended
    assert 0 < found.spent_ms <= c.budget_ms
    assert {s.phase for s in found.phases} == set(Phase) - {Phase.CALIBRATION}
    assert found.wall_s >= found.spent_ms / 1000 / c.policy.slots


def test_where_large_effects_are_predicted_they_are_found_and_where_harm_is_nothing_is(waiting: World) -> None:
    good = rehearse(stage(waiting, Effect(value=0.02, low=0.018, high=0.022)), 4)
    bad = rehearse(stage(waiting, Effect(value=-0.02, low=-0.022, high=-0.018)), 4)
    assert good.nothing < 0.5 < good.gain.value * 100
    assert bad.nothing > 0.5 and bad.worse == 0, "what is found after all is better in truth, if by little"
    assert bad.gain.value == 0 and bad.gain.high < 0.002


def test_it_stops_when_told(waiting: World) -> None:
    assert rehearse(stage(waiting), 50, tell=lambda done: done < 2).plays == 2


def test_without_a_plan_there_is_nothing_to_play(waiting: World) -> None:
    early = Stage(recorded=stage(waiting).recorded[:3])
    with pytest.raises(UsageError, match="nothing to play"):
        play(early, 0)


def test_a_world_is_worth_what_was_drawn_and_a_neighbour_something_like_it(waiting: World) -> None:
    c: Campaign = waiting.state
    lever = replace(c.setup.levers[0], type=LeverType.FLOAT, role=Role.LEARNING_RATE, default=0.1, low=0.01, high=1.0)
    setup = replace(c.setup, levers=(lever, *c.setup.levers[1:]))
    truth = imagine(replace(c, workload=setup, hypotheses={}, memo={}), 0)
    truth.learn([Change(overrides=((lever.name, 0.4),))], [0.01])
    assert truth.effect(Change(overrides=((lever.name, 0.4),))) == pytest.approx(0.01)
    assert truth.effect(Change(overrides=((lever.name, 0.1),))) == 0
    assert 0.003 < truth.effect(Change(overrides=((lever.name, 0.3),))) < 0.01


def test_after_runs_have_spoken_the_worlds_agree_with_them() -> None:
    w = World(truth=Truth(effects={"a": 0.02, **dict.fromkeys("bcdef", 0.0)}), budget_s=2400.0, rungs=False)
    c = w.run()
    assert c.proposal is not None
    drawn = [imagine(c, n).effect(c.proposal.change) for n in range(8)]
    assert 0.01 < sum(drawn) / 8 < 0.03


@pytest.mark.slow
def test_its_intervals_hold_about_as_often_as_they_say() -> None:
    """Measured by benchmarks/rehearsal.py; a few campaigns here, so only gross errors show."""
    told = list(measured(SETTINGS[0], 12, 9))
    assert sum(holds(t.said.gain, t.gain) for t in told) >= 7
    assert sum(holds(t.said.spent_ms, t.spent_ms) for t in told) >= 7


@pytest.mark.slow
def test_planted_bug_worlds_that_ignore_the_predictions_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rea.rehearsal.truth.NULL_SHARE", -1.0)
    monkeypatch.setattr("rea.rehearsal.truth.LEAST_SPREAD", 0.03)
    told = list(measured(SETTINGS[0], 12, 9))
    assert sum(holds(t.said.gain, t.gain) for t in told) < 7
