"""The shortest campaign killed twice, at every pair of places: within one wake, across wakes, in the recovery from the first death.

With every change a sample; ``make test-slow`` tries 400, ``REA_PAIRS=all`` every one; ``benchmarks/forked.py --pairs``: with SIGKILL and files.
"""

import os
from itertools import combinations
from random import Random

import pytest

from rea.domain.action import Submit
from rea.domain.campaign import Campaign
from rea.domain.event import Event, JobSubmitted
from rea.domain.plan import Policy
from rea.executor import perform as execution
from rea.ports import Ports
from rea.testing.fuse import Fuse, Killed
from rea.testing.simulation import Truth, World

SHORTEST = Truth(effects={"a": -0.05})
ONE_LOOK = Policy(seed=7, calibration_seeds=2, looks=(1,), finalists=1)
SAMPLE = 24
NIGHT = os.environ.get("REA_PAIRS", "400")


def world(first: int = 0, second: int = 0) -> World:
    """Return a campaign that dies at its ``first`` and at its ``second`` touch of the world, counted over all its lives."""
    fuse = Fuse(lambda n: n in (first, second))
    return World(truth=SHORTEST, rungs=False, budget_s=1600.0, policy=ONE_LOOK, fuse=fuse)


def through(w: World) -> tuple[Campaign, int]:
    """See a campaign to its end; return it and how often it died."""
    w.open()
    memory, deaths = w.memory(), 0
    for _ in range(400):
        try:
            w.wake(memory)
            if memory.now().ended:
                return memory.now(), deaths
            w.approve(memory)
        except Killed:
            memory, deaths = w.memory(), deaths + 1
        w.pass_time()
    raise AssertionError("not ended")


def found(c: Campaign) -> list[tuple[str, str, float]]:
    return sorted(
        (str(c.experiments[f.experiment].change), f"{f.phase}:{f.verdict}", f.raw) for f in c.findings.values()
    )


def pairs() -> list[tuple[int, int]]:
    """Return every pair of touches. A life after a death has touches of its own, so there are more than without one."""
    w = world()
    through(w)
    one = world(w.fuse.count // 2)
    through(one)
    return list(combinations(range(1, one.fuse.count + 1), 2))


def tried(chosen: list[tuple[int, int]]) -> int:
    """Kill at each pair, and return how many died twice."""
    clean = world()
    expected, _ = through(clean)
    twice = 0
    for first, second in chosen:
        w = world(first, second)
        c, deaths = through(w)
        assert found(c) == found(expected), (first, second)
        assert sorted(w.backend.launches) == sorted(clean.backend.launches), (first, second)
        assert c.ledger.held == 0 and c.ledger.spent <= c.ledger.granted
        twice += deaths == 2
    return twice


def test_a_sample_of_pairs() -> None:
    assert tried(Random(1).sample(pairs(), SAMPLE)) > 0.8 * SAMPLE


@pytest.mark.slow
def test_pairs_of_a_night() -> None:
    every = pairs()
    chosen = every if NIGHT == "all" else Random(3).sample(every, int(NIGHT))
    twice = tried(chosen)
    print(f"{len(chosen)} of {len(every)} pairs, {twice} died twice; 0 lost, 0 doubled, all end the same")
    assert twice > 0.9 * len(chosen)


def test_planted_bug_a_launch_without_a_look_up_is_doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    def hasty(action: Submit, ports: Ports) -> tuple[Event, ...]:
        backend = world_of[0].backend
        backend.started.pop(action.job.id, None)  # most schedulers do not know one name from another
        return (JobSubmitted(job=action.job.id, handle=ports.backend.submit(ports.workspace.launch(action.job))),)

    world_of, chosen = list[World](), Random(2).sample(pairs(), 400)
    monkeypatch.setattr(execution, "submit", hasty)
    with pytest.raises(AssertionError):
        for first, second in chosen:
            w = world(first, second)
            world_of[:] = [w]
            through(w)
            assert len(set(w.backend.launches)) == len(w.backend.launches)
