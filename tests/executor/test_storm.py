"""A storm of failures opens the circuit breaker: a whole campaign stops at no more than 5 % of its budget, and waits for a person."""

from collections.abc import Callable

import pytest

from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE
from rea.domain.event import Resumed
from rea.domain.experiment import Phase
from rea.domain.job import Job, JobState
from rea.domain.plan import Policy
from rea.executor import failures
from rea.executor.backends.simulated import Run
from rea.executor.failures import FIRST_LAUNCHES, IN_A_ROW
from rea.knowledge.runbook.load import load
from rea.testing.simulation import CAMPAIGN, Truth, World

BUDGET_S, SLOTS = 3600.0, 2
MOST = 0.05  # of the budget that a storm may cost
AT_ONCE = Run(seconds=1.0, state=JobState.FAILED, reason="exit 1", log="ConnectionRefusedError: [Errno 111]")
UNKNOWN = Run(seconds=1.0, state=JobState.FAILED, reason="exit 1", log="zorp: the frobnicator is upside down")
AFTER_A_WHILE = Run(seconds=12.0, state=JobState.LOST, reason="no exit was recorded")


def world(broken: Run, where: Callable[[Job], bool]) -> World:
    policy = Policy(seed=7, calibration_seeds=4, looks=(1, 2), finalists=1, slots=SLOTS)
    truth = Truth(effects=dict.fromkeys("abcdefgh", 0.01), run_s=30.0)
    failing = lambda job: broken if where(job) else None  # noqa: E731
    return World(truth=truth, budget_s=BUDGET_S, policy=policy, failing=failing, runbook=load())


def always(job: Job) -> bool:
    return True


def beyond_calibration(job: Job) -> bool:
    return job.phase is not Phase.CALIBRATION


def cost_of_failures(c: Campaign) -> float:
    return sum(r.cost_ms for r in c.jobs.values() if r.failed) / 1000


def check_the_breaker_opens(w: World) -> Campaign:
    c = w.run()
    assert c.paused and not c.ended, "it waits for a person"
    launched = sum(r.failed for r in c.jobs.values())
    assert launched <= max(FIRST_LAUNCHES, IN_A_ROW) + SLOTS, launched
    assert cost_of_failures(c) <= MOST * BUDGET_S
    return c


STORMS = [(r, w) for r in (AT_ONCE, UNKNOWN, AFTER_A_WHILE) for w in (always, beyond_calibration)]


@pytest.mark.parametrize(("broken", "where"), STORMS)
def test_a_storm_costs_little_and_stops(broken: Run, where: Callable[[Job], bool]) -> None:
    check_the_breaker_opens(world(broken, where))


@pytest.mark.parametrize("broken", [UNKNOWN, AFTER_A_WHILE])
def test_planted_bug_without_the_breaker_it_goes_on_launching(broken: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "storm", lambda records: "")
    w = world(broken, lambda job: beyond_calibration(job) and job.change != BASELINE)
    with pytest.raises(AssertionError):
        check_the_breaker_opens(w)


def test_resumed_into_the_same_storm_it_opens_again_after_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    w = world(AT_ONCE, beyond_calibration)
    before = sum(r.failed for r in check_the_breaker_opens(w).jobs.values())
    w.journal.append(CAMPAIGN, (Resumed(by="ann", command="again"),))
    for _ in range(50):
        w.wake()
        if not w.pass_time() and w.state.paused:
            break
    assert w.state.paused
    assert sum(r.failed for r in w.state.jobs.values()) - before <= IN_A_ROW + SLOTS
