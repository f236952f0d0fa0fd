"""A state machine of rules over store and campaign: whatever people, jobs, schedulers and clocks do in whatever order, a bookkeeper agrees.

``make test-slow`` takes 8 examples of 50 steps, ``REA_STATES=2000`` a night; a failing sequence is shrunk and printed by Hypothesis.
"""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from campaign.model import Model
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rea.domain.action import Submit
from rea.domain.errors import BackendUnreachable, OverBudget
from rea.domain.event import Event, JobSubmitted, Paused, PlanApproved, Recorded, Resumed, Steered
from rea.domain.job import Job, JobState
from rea.domain.plan import Policy
from rea.executor import perform as execution
from rea.executor.backends.simulated import Run
from rea.ports import Ports
from rea.testing.durable import DurableWorld, Shape, durable
from rea.testing.fuse import Killed
from rea.testing.simulation import CAMPAIGN, approval

EXAMPLES, STEPS = 2, 12  # with every change
NIGHT = int(os.environ.get("REA_STATES", "8"))
SHAPE = Shape(budget_s=2000.0, policy=Policy(seed=7, calibration_seeds=2, looks=(1, 2), finalists=1, slots=2))
SHM = Path("/dev/shm")


class Life(RuleBasedStateMachine):
    """One campaign. ``fate`` is how the next jobs go; ``model`` is what the bookkeeper has written down up to event ``read``."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="rea-rules-", dir=SHM if SHM.is_dir() else None))
        self.fate: Callable[[Job], Run | None] = lambda job: None
        self.model, self.acts, self.away, self.looks = Model(), 0, False, 0
        self.history: list[Recorded] = []
        self.opened: DurableWorld | None = None

    @property
    def read(self) -> int:
        return len(self.history)

    def world(self) -> DurableWorld:
        """Return the campaign; after a death it is opened anew from its files."""
        self.opened = self.opened or durable(self.directory, SHAPE)
        self.opened.failing = self.fate
        self.opened.backend.reachable = not self.away
        return self.opened

    def act(self, *events: Event) -> None:
        self.world().journal.append(CAMPAIGN, events)

    def word(self) -> str:
        self.acts += 1
        return f"act-{self.acts}"

    @initialize()
    def start(self) -> None:
        self.world().open()

    @rule(touches=st.none() | st.integers(1, 60))
    def wake(self, touches: int | None) -> None:
        """Advance until nothing is left to do at once, or until the process is killed at a touch of the world."""
        fuse = self.world().fuse
        fuse.count, fuse.burns = 0, lambda n: n == touches
        try:
            self.world().wake()
        except BackendUnreachable:
            pass
        except Killed:
            self.opened = None
        fuse.burns = lambda n: False

    @rule()
    def an_hour_goes_by(self) -> None:
        """Nothing special happens: what most of a campaign is."""
        for _ in range(8):
            self.wake(None)
            self.approve()
            self.time_passes(1)

    @rule()
    def approve(self) -> None:
        self.world().approve()

    @rule(factor=st.sampled_from([0.3, 1.0, 1.5]))
    def approve_another_budget(self, factor: float) -> None:
        plan = self.world().state.plan
        if plan is not None:
            with suppress(OverBudget):
                self.act(PlanApproved(approval=approval(plan.digest, round(plan.budget_ms * factor))))

    @rule(times=st.integers(1, 6))
    def time_passes(self, times: int) -> None:
        world = self.world()
        for _ in range(times):
            world.pass_time()

    @rule(fate=st.sampled_from(["well", "failed", "lost", "overlong", "at once"]))
    def jobs_go(self, fate: str) -> None:
        self.fate = {
            "well": lambda job: None,
            "failed": lambda job: Run(seconds=3.0, state=JobState.FAILED, reason="exit 1", log="ValueError: odd"),
            "lost": lambda job: Run(seconds=3.0, state=JobState.LOST, reason="no exit was recorded"),
            "overlong": lambda job: Run(seconds=1e6),
            "at once": lambda job: Run(seconds=0.0, state=JobState.FAILED, reason="exit 1"),
        }[fate]

    @rule(away=st.booleans())
    def scheduler(self, away: bool) -> None:
        self.away = away

    @rule()
    def pause(self) -> None:
        self.act(Paused(reason="a person", by="ann", command=self.word()))

    @rule()
    def resume(self) -> None:
        if self.world().state.paused:
            self.act(Resumed(by="ann", command=self.word()))

    @rule(what=st.sampled_from(["finish", "drop"]))
    @precondition(lambda self: self.read > 30)
    def steer(self, what: str) -> None:
        c = self.world().state
        subject = next(iter(c.experiments), "") if what == "drop" else ""
        self.act(Steered(wish=what, target=subject, by="ann", command=self.word()))

    @rule()
    @precondition(lambda self: self.read > 60)
    def stop_file(self) -> None:
        (self.directory / "STOP").touch()

    @rule(data=st.data())
    @precondition(lambda self: self.read > 3)
    def facts_are_told_again(self, data: st.DataObject) -> None:
        again = data.draw(st.integers(0, len(self.history) - 1))
        self.act(*(r.event for r in self.history[again : again + 3]))

    @invariant()
    def the_bookkeeper_agrees(self) -> None:
        world = self.world()
        new = world.journal.read(CAMPAIGN, self.read)
        self.model.take(r.event for r in new)
        self.history += new
        self.looks += 1
        assert self.looks % 8 or list(world.journal.read(CAMPAIGN)) == self.history, "what is recorded was altered"
        self.model.launched(map(str, world.cluster.launches))
        assert not self.model.wrong, self.model.wrong
        if self.history:
            self.the_ledgers_agree(world)

    def the_ledgers_agree(self, world: DurableWorld) -> None:
        kept, folded, model = world.journal.ledger(CAMPAIGN), world.state.ledger, self.model  # type: ignore[attr-defined]
        assert kept == folded
        assert (kept.granted, kept.held, kept.spent) == (model.granted, sum(model.held.values()), model.spent)
        assert kept.overrun == model.overrun

    def teardown(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)


def run(examples: int, steps: int, machine: type[RuleBasedStateMachine]) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=examples < 100,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(machine, settings=chosen)


class Counted(Life):
    """The same, and what it has reached: a machine that never gets past calibration proves nothing."""

    seen: Counter[str] = Counter()

    def teardown(self) -> None:
        self.seen.update(type(r.event).__name__ for r in self.history)
        super().teardown()


def test_whatever_happens_the_bookkeeper_agrees() -> None:
    run(EXAMPLES, STEPS, Counted)
    assert {"JobReserved", "JobEnded", "Measured", "PlanApproved"} <= set(Counted.seen)


@pytest.mark.slow
def test_through_a_longer_night() -> None:
    Counted.seen.clear()
    run(NIGHT, 50, Counted)
    print(NIGHT, "examples of 50 steps:", dict(Counted.seen))
    assert {"JobReserved", "JobEnded", "Paused", "Compared"} <= set(Counted.seen)


def hasty(action: Submit, ports: Ports) -> tuple[Event, ...]:
    return (JobSubmitted(job=action.job.id, handle=ports.backend.submit(ports.workspace.launch(action.job))),)


def killed_everywhere() -> None:
    """Apply the rules by hand: a wake that is killed at one touch after another, and what the bookkeeper says of it."""
    life = Life()
    try:
        life.start()
        for touch in range(1, 45):
            life.wake(touch)
            life.the_bookkeeper_agrees()
    finally:
        life.teardown()


def test_planted_bug_a_launch_without_a_look_up_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    killed_everywhere()
    monkeypatch.setattr(execution, "submit", hasty)
    with pytest.raises(AssertionError, match="was launched 2 times"):
        killed_everywhere()
