"""Eight wakes at once, round after round, on a real lock and a real database: one acts, the others leave, nothing is launched twice."""

import json
import multiprocessing as mp
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from rea import gate
from rea.campaign import waker
from rea.domain.action import Wake
from rea.domain.job import JobState
from rea.testing.durable import DurableWorld, Shape, durable

WAKES, ROUNDS = 8, 30
SHORT = Shape(effects=(("a", -0.05),), rungs=False, budget_s=1600.0)
AUDIT = Path(__file__).parents[2] / "benchmarks" / "audit_stores.py"
processes = mp.get_context("fork")

pytestmark = pytest.mark.real


def wake(state: Path, place: Path, start: Barrier) -> None:
    """Wake as a job's end does, together with the others."""
    world = durable(place, SHORT)
    start.wait(60)
    waker.run(state, "c", world.wake, crash)


def crash(error: Exception) -> None:
    raise error


def all_at_once(state: Path, place: Path) -> list[int | None]:
    start = processes.Barrier(WAKES)
    wakes = [processes.Process(target=wake, args=(state, place, start)) for _ in range(WAKES)]
    for process in wakes:
        process.start()
    for process in wakes:
        process.join(60)
    return [process.exitcode for process in wakes]


def whole_campaign(state: Path, rounds: int) -> dict[str, list[str]]:
    """See a campaign to its end by eight wakes a round, and return what the checker finds."""
    place = gate.place(state, "c")
    place.mkdir(parents=True)
    world = durable(place, SHORT)
    world.open()
    for _ in range(rounds):
        assert None not in all_at_once(state, place)
        world = durable(place, SHORT)
        if world.state.ended:
            break
        world.approve()
        world.pass_time()
    done = subprocess.run((sys.executable, str(AUDIT), str(place)), capture_output=True, text=True)
    wrong: dict[str, dict[str, list[str]]] = json.loads(done.stdout)["wrong"]
    return wrong.get(str(place), {})


def test_of_eight_wakes_one_acts(tmp_path: Path) -> None:
    assert whole_campaign(tmp_path, ROUNDS) == {}


def test_a_wake_that_was_ready_before_another_sees_what_that_one_launched(tmp_path: Path) -> None:
    late = durable(tmp_path, SHORT)
    first = durable(tmp_path, SHORT)
    first.open()
    first.wake()
    launched = list(first.cluster.launches)
    assert launched
    assert {status.state for status in late.backend.poll(launched).values()} == {JobState.RUNNING}


def test_planted_bug_without_the_lock_jobs_are_launched_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unlocked(state: Path, campaign: str, advance: Callable[[], Wake], record_crash: object) -> None:
        advance()

    monkeypatch.setattr(waker, "run", unlocked)
    monkeypatch.setattr(DurableWorld, "wake", patiently(DurableWorld.wake))
    assert whole_campaign(tmp_path, 3).get("duplicated")


def patiently(right: Callable[[DurableWorld], Wake]) -> Callable[[DurableWorld], Wake]:
    """Meet the others between the look-up and the launch, where a slow scheduler would let them meet."""

    def slow(world: DurableWorld) -> Wake:
        world.fuse.burns = lambda _: (
            world.fuse.point == "workspace.launch:before" and bool(processes.Event().wait(0.05))
        )
        return right(world)

    return slow
