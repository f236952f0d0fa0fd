"""Deterministic simulation: from each seed one whole campaign, its truth, its cluster's moods and its deaths, judged by a checker apart.

    SEEDS=2000 python benchmarks/seeds.py [--first 0] [--workers 2]       a night: SEEDS=100000

Everything is in one process on virtual time: cluster, clock, dice and journal. A seed gives the same campaign again, byte for byte; one that
fails is printed with what was drawn from it. At the end: how often each kind of event happened, for a generator that misses some proves little.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from random import Random

from audit import Audit, audit

from rea.domain.errors import BackendUnreachable
from rea.domain.event import Resumed
from rea.domain.job import Job, JobState
from rea.domain.plan import Policy
from rea.executor.backends.simulated import Run
from rea.knowledge.runbook.load import load
from rea.store import codec
from rea.testing.fuse import Fuse, Killed
from rea.testing.simulation import CAMPAIGN, Truth, World

MOST_WAKES = 4000
MOST_RESUMED = 3  # what a person puts up with
DAY_S = 86_400.0
RUNBOOK = load()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a seed makes of a campaign. Shares are probabilities."""

    effects: tuple[tuple[str, float], ...]
    budget_s: float
    slots: int
    rungs: bool
    dies: float
    away: float
    fails: float
    lost: float


@dataclass(slots=True)
class Found:
    """What came of one seed."""

    wrong: list[str] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    days: float = 0.0
    deaths: int = 0


def drawn(dice: Random) -> Drawn:
    names = "abcdef"[: dice.randint(1, 5)]
    return Drawn(
        effects=tuple((name, round(dice.gauss(0.0, 0.02), 4)) for name in names),
        budget_s=dice.choice((700.0, 1600.0, 2400.0, 6000.0, 20_000.0)),
        slots=dice.randint(1, 4),
        rungs=dice.random() < 0.6,
        dies=dice.choice((0.0, 0.002, 0.01)),
        away=dice.choice((0.0, 0.0, 0.3)),
        fails=dice.choice((0.0, 0.05, 0.3)),
        lost=dice.choice((0.0, 0.1)),
    )


def fate(seed: int, told: Drawn) -> Callable[[Job], Run | None]:
    def of(job: Job) -> Run | None:
        dice = Random(f"{seed}:{job.id}")
        if dice.random() < told.fails:
            log = dice.choice(("RuntimeError: CUDA out of memory", "ValueError: odd", "Loss is NaN", ""))
            return Run(seconds=dice.uniform(0, 20), state=JobState.FAILED, reason="exit 1", log=log)
        return (
            Run(seconds=5.0, state=JobState.LOST, reason="no exit was recorded") if dice.random() < told.lost else None
        )

    return of


def live(seed: int) -> Found:
    """Live through one campaign, and have it judged."""
    dice, found = Random(seed), Found()
    told = drawn(dice)
    policy = Policy(seed=seed, calibration_seeds=2, looks=(1, 2), finalists=1, slots=told.slots)
    w = World(
        truth=Truth(effects=dict(told.effects)),
        budget_s=told.budget_s,
        policy=policy,
        rungs=told.rungs,
        failing=fate(seed, told),
        runbook=RUNBOOK,
        fuse=Fuse(lambda n: dice.random() < told.dies),
    )
    resting = _through(w, told, dice, found)
    events = [json.loads(line) for line in codec.to_jsonl(w.journal.read(CAMPAIGN))]
    found.events, found.days = Counter(e["kind"] for e in events), w.clock / DAY_S
    judged = audit(events, dict(Counter(map(str, w.backend.launches))))
    found.wrong = [f"seed {seed}: {word}; {told}" for word in _serious(judged, resting)]
    return found


def _through(w: World, told: Drawn, dice: Random, found: Found) -> bool:
    """See a campaign to its end or to a person's; return whether it rests before its end, by right."""
    w.open()
    memory, resumed = w.memory(), 0
    for _ in range(MOST_WAKES):
        w.backend.reachable = dice.random() >= told.away
        try:
            w.wake(memory)
            state = memory.now()
        except Killed:
            memory, found.deaths = w.memory(), found.deaths + 1
            continue
        except BackendUnreachable:
            continue
        if state.ended:
            return False
        if state.paused:
            if resumed == MOST_RESUMED:
                return True
            resumed += 1
            w.journal.append(CAMPAIGN, (Resumed(by="ann", command=f"resume-{resumed}"),))
        w.approve()
        w.pass_time()
    found.wrong.append("it does not end")
    return True


def _serious(judged: Audit, resting: bool) -> list[str]:
    """Return what is wrong; of one that rests with a person, what is unfinished is not."""
    unfinished = ("did not conclude", "never judged", "never ended", "still held")
    told = [*judged.lost, *judged.duplicated, *judged.over_budget]
    told = [
        word for word in told if not (".diagnose." in word and "never judged" in word)
    ]  # only whether they fail counts
    return [word for word in told if not (resting and any(part in word for part in unfinished))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    asked, count, began = parser.parse_args(), int(os.environ.get("SEEDS", "2000")), time.monotonic()
    total = Found()
    with ProcessPoolExecutor(asked.workers) as pool:
        for found in pool.map(live, range(asked.first, asked.first + count), chunksize=8):
            total.wrong += found.wrong
            total.events += found.events
            total.days, total.deaths = total.days + found.days, total.deaths + found.deaths
    spent = time.monotonic() - began
    rare = ", ".join(f"{kind} {n}" for kind, n in sorted(total.events.items(), key=lambda pair: pair[1])[:5])
    print(*total.wrong[:20], sep="\n", end="\n" if total.wrong else "")
    print(f"{sum(total.events.values())} events of {len(total.events)} kinds; the rarest: {rare}")
    print(
        f"seeds: {count} from {asked.first}, {len(total.wrong)} wrong; {total.deaths} deaths, {total.days:.1f} simulated days, "
        f"{total.days / spent * 60:.0f} a minute, {spent:.0f} s"
    )
    return int(bool(total.wrong))


if __name__ == "__main__":
    sys.exit(main())
