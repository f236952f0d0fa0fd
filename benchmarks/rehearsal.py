"""Does the dry run say what then happens? Simulated campaigns are played before their approval and then run; how often do the 80 % intervals hold?

In the first setting the truth is drawn as the predictions say, in the second effects are half as large as predicted, in the third every pair of
levers interacts. ``python benchmarks/rehearsal.py [campaigns] [plays]``; QUICK=1 for a few. Exits with 1 where an interval of
what is as predicted holds less often than ``LEAST``.
"""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from statistics import fmean

from rea.domain.campaign import Campaign
from rea.domain.hypothesis import Effect
from rea.domain.plan import Policy
from rea.rehearsal.play import Rehearsed, Stage, rehearse
from rea.testing.simulation import CAMPAIGN, Truth, World

LEVERS, RUN_S = 10, 60.0
PREDICTED = Effect(value=0.002, low=-0.004, high=0.008)  # as the simulated source predicts
SD = (PREDICTED.high - PREDICTED.low) / 2.56
LEAST = 0.6  # of the campaigns, that an 80 % interval should hold even over a few


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    share: float = 1.0  # of what was predicted
    interaction: float = 0.0


SETTINGS = (Setting("as predicted"), Setting("half of it", 0.5), Setting("interactions", 1.0, -0.0008))


@dataclass(frozen=True, slots=True)
class Told:
    """One campaign: what the dry run said of it and what came of it."""

    said: Rehearsed
    gain: float
    spent_ms: float
    wall_s: float
    found: bool


def world(setting: Setting, seed: int) -> World:
    """Return a world whose levers are worth what was predicted, half of them nothing, as far as ``setting`` keeps to it."""
    dice = Random(f"{setting.name} {seed}")
    effects = {}
    for n in range(LEVERS):
        drawn = 0.0 if dice.random() < 0.5 else dice.gauss(PREDICTED.value, SD)
        effects[f"l{n}"] = setting.share * drawn
    truth = Truth(effects=effects, run_s=RUN_S, interaction=setting.interaction)
    return World(truth=truth, budget_s=RUN_S * 45, policy=Policy(seed=seed, calibration_seeds=4), rungs=False)


def played(w: World, plays: int) -> Told:
    """Play a campaign when its plan waits, then approve it and run it to its end."""
    w.open()
    memory = w.memory()
    while memory.now().plan is None:
        w.wake(memory)
        w.pass_time()
    before = memory.now()
    spent, clock = before.ledger.spent, w.clock
    said = rehearse(Stage(recorded=w.journal.read(CAMPAIGN)), plays)
    ended = finish(w)
    p = ended.proposal
    found = p is not None and p.experiment is not None
    gain = w.truth.effect(p.change) if found and p else 0.0
    return Told(said, gain, ended.ledger.spent - spent, w.clock - clock, found)


def finish(w: World) -> Campaign:
    memory = w.memory()
    for _ in range(2000):
        w.wake(memory)
        if memory.now().ended or memory.now().paused:
            break
        w.approve(memory)
        w.pass_time()
    return memory.now()


def measured(setting: Setting, campaigns: int, plays: int) -> Iterator[Told]:
    for seed in range(campaigns):
        yield played(world(setting, seed), plays)


def holds(e: Effect, value: float) -> bool:
    return e.low - 1e-9 <= value <= e.high + 1e-9


def main() -> int:
    quick = os.environ.get("QUICK") == "1"
    campaigns = int(sys.argv[1]) if len(sys.argv) > 1 else 6 if quick else 40
    plays = int(sys.argv[2]) if len(sys.argv) > 2 else 9 if quick else 19
    covered: list[bool] = []
    for setting in SETTINGS:
        began = time.monotonic()
        told = list(measured(setting, campaigns, plays))
        gain, spend, wall = (
            fmean(holds(getattr(t.said, name), getattr(t, name)) for t in told)
            for name in ("gain", "spent_ms", "wall_s")
        )
        covered += [holds(t.said.gain, t.gain) for t in told] if setting is SETTINGS[0] else []
        found, promised = fmean(t.found for t in told), fmean(1 - t.said.nothing for t in told)
        took = (time.monotonic() - began) / campaigns / (plays + 1)
        print(
            f"{setting.name:<14} 80 % interval holds: gain {gain:.2f}, spend {spend:.2f}, end {wall:.2f}; "
            f"found {found:.2f} (said {promised:.2f}); mean gain {fmean(t.gain for t in told):+.4f} "
            f"(said median {fmean(t.said.gain.value for t in told):+.4f}); {took:.2f} s a play",
            flush=True,
        )
    share = fmean(covered)
    print(f"dry run: its 80 % interval of the gain held in {share:.2f} of {campaigns} campaigns, {plays} plays each")
    return int(share < LEAST)


if __name__ == "__main__":
    sys.exit(main())
