"""What paused a campaign is tried again once a person has resumed it: it neither stands still for ever nor goes on by itself."""

import pytest

from rea.campaign import guard
from rea.campaign.advance import advance
from rea.domain.campaign import Campaign
from rea.domain.event import AGENT, Paused, Resumed
from rea.domain.ids import Digest
from rea.domain.job import Job, JobState
from rea.executor import decide
from rea.executor.backends.simulated import Run
from rea.knowledge.runbook.load import load
from rea.planner.phases.calibration import FEWEST_RUNS
from rea.testing.simulation import CAMPAIGN, Truth, World

ALL_BUT_ONE_S = 1600.0  # a budget that pays for all runs of the calibration but the last
FULL = Run(seconds=3.0, state=JobState.FAILED, reason="exit 1", log="OSError: [Errno 28] No space left on device")


def full_for_one_attempt(job: Job) -> Run | None:
    return FULL if "calib" not in job.phase and job.attempt == 0 and job.index == 0 and job.change.overrides else None


def finished_by_resuming(most: int) -> tuple[Campaign, int]:
    """See a campaign through, resuming it as a person does who has made room, and return how often that was."""
    w = World(truth=Truth(effects={"a": 0.02, "b": 0.01}), failing=full_for_one_attempt, runbook=load())
    w.run()
    assert "disk" in w.state.paused
    for n in range(most):
        w.journal.append(CAMPAIGN, (Resumed(by="ann", command=f"r{n}"),))
        memory = w.memory()
        for _ in range(300):
            w.wake(memory)
            w.approve(memory)
            if memory.now().paused or memory.now().ended or not w.pass_time():
                break
        if not w.state.paused:
            return w.state, n + 1
    return w.state, most


def test_after_a_pause_the_campaign_is_finished() -> None:
    c, resumed = finished_by_resuming(30)
    assert c.ended, "it stands still, and nobody is told"
    assert resumed < 30
    again = [job for job in c.excused if f"{job[:-1]}1" in c.jobs]
    assert again and len(again) == len(c.excused)


def test_planted_bug_where_a_resumed_job_is_not_tried_again_it_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    true = decide.next_attempt
    monkeypatch.setattr(
        decide,
        "next_attempt",
        lambda c, key: None if any(j in c.excused for j in c.attempts.get(key, ())) else true(c, key),
    )
    c, _ = finished_by_resuming(30)
    assert not c.ended and not c.paused


def calibrated(budget_s: float) -> World:
    """Wake a campaign until its noise is known, or it waits for a person."""
    w = World(truth=Truth(effects={"a": 0.02}), budget_s=budget_s)
    w.open()
    w.wake()
    while w.state.noise is None and not w.state.paused and w.pass_time():
        w.wake()
    return w


def test_calibration_goes_on_with_the_runs_it_could_pay() -> None:
    c = calibrated(ALL_BUT_ONE_S).state
    assert not c.paused and c.noise is not None
    assert FEWEST_RUNS <= c.noise.degrees_of_freedom + 1 < c.policy.calibration_seeds


def test_planted_bug_a_run_that_can_never_be_paid_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "FEWEST_RUNS", 99)
    assert "does not cover" in calibrated(ALL_BUT_ONE_S).state.paused


def steps_of_a_wake(most: int = 50) -> int:
    """Resume a campaign whose budget still doesn't cover its next job, and count the steps that its wake takes."""
    w = calibrated(1440.0)
    assert "does not cover" in w.state.paused
    w.journal.append(CAMPAIGN, (Resumed(by="ann", command="r"),))
    steps = (advance(CAMPAIGN, w.ports, Digest("runbook")) for _ in range(most))
    return next((n for n, wake in enumerate(steps) if wake is not None), most)


def test_resumed_without_more_budget_it_pauses_again() -> None:
    assert steps_of_a_wake() < 50


def test_planted_bug_a_pause_that_was_recorded_before_is_wanted_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_pause", lambda c, command, reason: Paused(reason=reason, by=AGENT, command=command))
    assert steps_of_a_wake() == 50
