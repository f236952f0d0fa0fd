"""The laws a campaign lives by, on the simulated cluster: killed anywhere, told twice, woken twice, never beyond what was granted."""

import os
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from rea.campaign import guard as door
from rea.campaign.advance import advance
from rea.campaign.evolve import evolve, fold, replay
from rea.domain.action import Decision, Submit
from rea.domain.campaign import Campaign
from rea.domain.errors import StaleDecision
from rea.domain.event import Event, JobReserved, JobSubmitted, Paused
from rea.domain.evidence import Verdict
from rea.domain.experiment import Phase
from rea.domain.ids import Digest
from rea.domain.job import Job, JobState, Launch
from rea.domain.plan import Policy
from rea.domain.proposal import Outcome
from rea.executor import perform as execution
from rea.executor.backends.simulated import Run, SimulatedBackend
from rea.ports import Ports
from rea.testing.fuse import Fuse, Killed
from rea.testing.simulation import CAMPAIGN, Truth, World

TRUTH = Truth(effects={"a": 0.02, "b": 0.012, "c": -0.01})
BUDGET_S = 2400.0
SHORT = Policy(seed=7, calibration_seeds=2, looks=(1, 2), finalists=1)
EVERY = int(
    os.environ.get("REA_KILL_EVERY", 23)
)  # 1: every touch; the default samples, so that a commit is checked soon


def world(burns: Callable[[int], bool] = lambda _: False, budget_s: float = BUDGET_S, truth: Truth = TRUTH) -> World:
    return World(truth=truth, budget_s=budget_s, fuse=Fuse(burns), policy=SHORT)


def outcome(c: Campaign) -> list[tuple[str, str, float, int]]:
    """What a campaign found, without the times that virtual kills may shift."""
    return sorted(
        (str(c.experiments[f.experiment].change), f"{f.phase}:{f.verdict}", f.raw, f.seeds) for f in c.findings.values()
    )


def run_through_kills(w: World, wakes: int = 3000) -> Campaign:
    """Run a campaign whose process dies whenever the fuse burns, waking it again each time."""
    w.open()
    for _ in range(wakes):
        try:
            w.wake()
        except Killed:
            continue
        if w.state.ended:
            return w.state
        w.approve()
        w.pass_time()
    raise AssertionError(f"not ended: {w.state.paused or 'no progress'}")


@pytest.fixture(scope="module")
def clean() -> World:
    w = world()
    w.run()
    return w


def test_a_campaign_finds_what_is_there(clean: World) -> None:
    c = clean.state
    assert c.proposal is not None
    assert c.proposal.outcome is Outcome.WINNER
    assert {"a", "b"} <= {name for name, value in c.proposal.change.overrides if value}
    assert c.proposal.finding is not None
    assert c.proposal.finding.effect.low > 0
    assert c.opening is not None
    assert c.opening.number == 1


def test_every_experiment_is_kept_as_an_insight_the_refuted_ones_too(clean: World) -> None:
    found = {f.experiment for f in clean.state.findings.values()}
    assert len(clean.kept) == len(found)
    assert any(i.verdict is not Verdict.SUPPORTED for i in clean.kept.values())


def test_nothing_is_launched_before_the_signature_nor_beyond_calibration_before_the_approval() -> None:
    w = world()
    w.open()
    for _ in range(50):
        w.wake()
        w.pass_time()
    assert w.state.plan is not None
    assert {w.jobs[j].phase for j in w.backend.launches} == {Phase.CALIBRATION}


def touches() -> int:
    w = world()
    w.run()
    return w.fuse.count


@pytest.mark.parametrize("part", range(4))
def test_killed_at_every_touch_it_ends_the_same(part: int, clean: World) -> None:
    expected, launches = outcome(clean.state), sorted(clean.backend.launches)
    for at in range(1 + part * EVERY, touches() + 1, 4 * EVERY):
        w = world(lambda n, at=at: n == at)  # type: ignore[misc]
        assert outcome(run_through_kills(w)) == expected, f"killed at touch {at}"
        assert sorted(w.backend.launches) == launches
        assert w.state.ledger.spent + w.state.ledger.held <= w.state.ledger.granted
        assert w.state.ledger.held == 0


@pytest.mark.parametrize("seed", range(6))
def test_killed_again_and_again_it_ends_the_same(seed: int, clean: World) -> None:
    dice = Random(seed)
    w = world(lambda _: dice.random() < 0.03)
    assert outcome(run_through_kills(w, 20_000)) == outcome(clean.state)
    assert sorted(w.backend.launches) == sorted(clean.backend.launches)


class Careless(SimulatedBackend):
    """A backend that launches whatever it is told to, again and again: only the look-up before a launch keeps it single."""

    def submit(self, launch: Launch) -> str:
        if launch.job in self.started:
            self.launches.append(launch.job)
        return super().submit(launch)


def careless_launches(at: int) -> list[str]:
    w = world(lambda n: n == at)
    w.backend = Careless(outcome=w.backend.outcome, now=w.backend.now)
    run_through_kills(w)
    return [str(job) for job in w.backend.launches]


def test_the_look_up_keeps_a_launch_single_and_without_it_a_kill_launches_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kills = range(2, 60, 2)
    assert all(len(set(ran)) == len(ran) for ran in map(careless_launches, kills))

    def hasty(action: Submit, ports: Ports) -> tuple[Event, ...]:
        return (JobSubmitted(job=action.job.id, handle=ports.backend.submit(ports.workspace.launch(action.job))),)

    monkeypatch.setattr(execution, "submit", hasty)
    assert any(len(set(ran)) < len(ran) for ran in map(careless_launches, kills))


@pytest.mark.parametrize("every", [7])
def test_each_event_told_again_after_every_prefix_changes_nothing(clean: World, every: int) -> None:
    events = [r.event for r in clean.journal.read(CAMPAIGN)]
    state = Campaign()
    told: set[str] = set()
    for at, event in enumerate(events):
        state = evolve(state, event)
        if at % every == 0:
            told |= {type(e).__name__ for e in events[: at + 1] if fold(state, (e,)) != state}
    assert told == set()


def test_folding_what_refers_to_nothing_known_changes_nothing(clean: World) -> None:
    for recorded in clean.journal.read(CAMPAIGN):
        evolve(Campaign(), recorded.event)


@pytest.mark.parametrize("part", range(4))
def test_a_wake_inside_a_wake_is_harmless_even_without_the_lock(part: int, clean: World) -> None:
    for at in range(3 + part * EVERY, touches() + 1, 4 * EVERY):
        w = world()
        inside = False

        def burns(n: int, at: int = at, w: World = w) -> bool:
            nonlocal inside
            if n == at and not inside:
                inside = True
                while True:
                    try:
                        advance(CAMPAIGN, w.ports, Digest("runbook"))
                        return False
                    except StaleDecision:
                        continue
            return False

        w.fuse.burns = burns
        assert outcome(w.run()) == outcome(clean.state), f"woken at touch {at}"
        assert sorted(w.backend.launches) == sorted(clean.backend.launches)


@pytest.mark.parametrize("budget_s", [700.0, 1500.0, 2400.0, 6000.0])
def test_no_budget_is_ever_overspent_and_confirmation_keeps_its_share(budget_s: float) -> None:
    w = world(budget_s=budget_s)
    c = w.run()
    assert c.ended or c.paused
    assert c.ledger.spent + c.ledger.held <= max(c.ledger.granted, 0)
    if c.proposal is not None and c.proposal.outcome is Outcome.WINNER:
        assert c.proposal.finding is not None
        assert c.proposal.finding.seeds >= 3


def test_the_door_is_what_keeps_jobs_inside_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted bug: without the guard's look at the ledger, the store's own CHECK has to refuse."""
    monkeypatch.setattr(door, "affordable", lambda *_: True)
    w = world(budget_s=700.0)
    with pytest.raises(Exception, match=r"ms (wanted|free|are free)|budget"):
        w.run()


def test_the_door_lets_nothing_out_of_scope_pass(clean: World) -> None:
    record = next(iter(clean.state.jobs.values()))
    strange = replace(record.job, change=replace(record.job.change, overrides=(("rm", "-rf"),)))
    decision = door.guard(clean.state, Decision(events=(JobReserved(job=strange),)))
    assert not any(isinstance(e, JobReserved) for e in decision.events)
    assert any(isinstance(e, Paused) for e in decision.events)


def test_a_scheduler_that_cannot_be_reached_relaunches_nothing_for_a_day() -> None:
    w = world()
    w.open()
    w.wake()
    launched = list(w.backend.launches)
    w.backend.reachable = False
    for _ in range(24 * 12):
        w.clock += 300
        w.wake()
    assert w.backend.launches == launched
    assert not any(r.state.ended for r in w.state.jobs.values())
    w.backend.reachable = True
    assert w.run().ended


def test_one_failing_change_is_dropped_and_the_rest_goes_on() -> None:
    def failing(job: Job) -> Run | None:
        broken = dict(job.change.overrides).get("a")
        return Run(seconds=5, state=JobState.FAILED, reason="exit 1", log="boom") if broken else None

    w = world()
    w.failing = failing
    c = w.run()
    assert c.ended
    assert any("a" in dict(c.experiments[e].change.overrides) for e in c.dropped)
    assert c.proposal is not None
    assert c.proposal.outcome is Outcome.WINNER
    assert "a" not in dict(c.proposal.change.overrides)


def test_a_failing_baseline_pauses_and_says_so() -> None:
    w = world()
    w.failing = lambda _: Run(seconds=5, state=JobState.FAILED, reason="exit 1", log="boom")
    c = w.run()
    assert c.paused
    assert not c.ended


def test_replay_is_the_fold(clean: World) -> None:
    events = [r.event for r in clean.journal.read(CAMPAIGN)]
    state = Campaign()
    for event in events:
        state = evolve(state, event)
    assert state == replay(events)


DEAR = Truth(effects={"a": 0.02, "b": 0.02, "c": -0.03, "d": -0.03}, times={"a": 2.4, "b": 2.4}, run_s=30.0)


def test_a_stack_of_dear_parts_gets_the_time_that_its_parts_have_shown_to_need() -> None:
    w = world(truth=DEAR, budget_s=4 * BUDGET_S)
    c = w.run()
    assert not [r for r in c.jobs.values() if r.status and r.status.reason == "time_limit"]
    assert c.proposal is not None
    assert {name for name, value in c.proposal.change.overrides if value} >= {"a", "b"}


def test_without_it_the_stack_would_be_stopped_at_the_limit_of_a_default_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rea.executor.jobs.dearness", lambda c, change: 1.0)
    c = world(truth=DEAR, budget_s=4 * BUDGET_S).run()
    assert [r for r in c.jobs.values() if r.status and r.status.reason == "time_limit"]
