"""Whole simulated campaigns, forked and killed: SIGKILL at random moments and at named points, restarted until they are over.

    python benchmarks/forked.py [--kills 10000] [--seed 1] [--workers 2] [--exhaustive SHAPE] [--pairs SHAPE --of 2000] [--plants]

Three programs: the agent is each forked child (journal in a SQLite file, cluster with a log of its own, see ``rea.testing.durable``);
this is the injector; ``audit_stores.py`` judges what is left on disk. A kill counts if the campaign was not over when it came.
"""

import argparse
import gc
import json
import mmap
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import inf
from pathlib import Path

from plants import LIKE, PLANTS, SHAPES

from rea.testing.durable import Shape, durable
from rea.testing.fuse import Fuse

HERE = Path(__file__).resolve().parent
LEAST, ENOUGH = 20, 5000  # kills that every named crash point is to see, once there are enough of them in all
MEAN_TOUCHES, MEAN_S = 14, 0.020  # how far a child gets, on average, before it dies
TIMED = 0.5  # share of kills at a random time; the others come at a random touch of the world
AIMED = 0.3  # how likely it is to die at a point that has not seen enough kills
GIVEN_UP = 3  # exits with an error before a campaign is given up
WIDTH = 64
SHM = Path("/dev/shm")

Plant = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doom:
    """When a child is to die: at its n-th touch of the world, after so many seconds, or at one of these points with a probability."""

    touch: float = inf
    seconds: float = inf
    points: frozenset[str] = frozenset()
    chance: float = AIMED
    dice: random.Random = field(default_factory=random.Random)


NEVER = Doom()


@dataclass(slots=True)
class Told:
    """What a child says before it dies, in memory that both see: the last point it passed, and whether the campaign was over when it came."""

    memory: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, 2 * WIDTH))

    def clear(self) -> None:
        self.memory[:] = bytes(2 * WIDTH)

    @property
    def point(self) -> str:
        return self.memory[:WIDTH].rstrip(b"\0").decode()

    @property
    def was_over(self) -> bool | None:
        """None: it died before it had looked."""
        return {0: None, 1: False, 2: True}[self.memory[WIDTH]]


def live(directory: Path, shape: Shape, doom: Doom, told: Told, plant: Plant | None) -> None:
    """Be the agent: go on with a campaign to its end, or to one's own."""
    fuse = Fuse()

    def burns(count: int) -> bool:
        told.memory[:WIDTH] = fuse.point.encode().ljust(WIDTH, b"\0")
        if count >= doom.touch or (fuse.point in doom.points and doom.dice.random() < doom.chance):
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    fuse.burns = burns
    if plant:
        plant()
    world = durable(directory, shape, fuse)
    told.memory[WIDTH] = 1 + world.state.ended
    world.finish()


def fork(directory: Path, shape: Shape, doom: Doom, told: Told, plant: Plant | None = None) -> bool | None:
    """Run a child to its end or to its doom. Return True if it was killed, False if it saw the end, None if it gave up."""
    told.clear()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            live(directory, shape, doom, told, plant)
            code = 0
        except BaseException:  # noqa: BLE001 the child may only end by os._exit, and why is kept
            (directory / "error").write_text(traceback.format_exc())
        finally:
            os._exit(code)
    if doom.seconds < inf:
        time.sleep(doom.seconds)
        os.kill(pid, signal.SIGKILL)  # not waited for yet, so the number is still its own
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return True
    return False if os.WEXITSTATUS(status) == 0 else None


@dataclass(slots=True)
class Injector:
    """Kills campaign after campaign. ``points`` counts kills by the last named point that was passed."""

    work: Path
    dice: random.Random
    named: Mapping[str, Sequence[str]]  # by shape
    plant: Plant | None = None
    tops_up: bool = False
    told: Told = field(default_factory=Told)
    kills: int = 0
    points: Counter[str] = field(default_factory=Counter)
    directories: list[Path] = field(default_factory=list)

    def campaign(self, name: str, most: int, like: Path | None = None) -> Path:
        """See one campaign to its end through at most ``most`` kills."""
        directory, failed, came = self._place(name, like), 0, list[str]()
        while failed < GIVEN_UP:
            doom = self._doom(name) if most > 0 else self._aimed(name, 1.0) if self.tops_up else NEVER
            killed = fork(directory, SHAPES[name], doom, self.told, self.plant)
            if self.told.was_over is not None:
                self._count(came if not self.told.was_over else [])
                came = []
            if killed is False:
                break
            came += [self.told.point] if killed else []
            most, failed = most - bool(killed), failed + (killed is None)
        return directory

    def once(self, name: str, doom: Doom, like: Path | None = None) -> bool:
        """Kill one campaign once, exactly there, and see it to its end; return whether it came so far."""
        directory = self._place(name, like)
        killed = fork(directory, SHAPES[name], doom, self.told, self.plant)
        if killed:
            point = self.told.point
            fork(directory, SHAPES[name], NEVER, self.told, self.plant)
            self._count([] if self.told.was_over else [point])
        return bool(killed)

    def twice(self, name: str, first: int, second: int, like: Path | None = None) -> None:
        """Kill one campaign at its ``first`` touch and its next life at that one's ``second``, and see it to its end."""
        directory, came = self._place(name, like), list[str]()
        for doom in (Doom(touch=first), Doom(touch=second), NEVER):
            if fork(directory, SHAPES[name], doom, self.told, self.plant):
                came += [self.told.point] if not self.told.was_over else []
        self._count(came)

    def _count(self, came: list[str]) -> None:
        self.kills += len(came)
        self.points.update(came)

    def _place(self, name: str, like: Path | None) -> Path:
        directory = self.work / f"{name}-{len(self.directories)}"
        directory.mkdir(parents=True)
        if like:
            (directory / "like").symlink_to(like)
        self.directories.append(directory)
        return directory

    def _doom(self, name: str) -> Doom:
        aim = self._aimed(name, AIMED)
        if self.dice.random() < TIMED:
            return replace(aim, seconds=self.dice.expovariate(1 / MEAN_S))
        return replace(aim, touch=1 + self.dice.expovariate(1 / MEAN_TOUCHES))

    def _aimed(self, name: str, chance: float) -> Doom:
        """Return a death at the points where too few have died yet."""
        few = frozenset(point for point in self.named[name] if self.points[point] < LEAST)
        return Doom(points=few, chance=chance, dice=random.Random(self.dice.random()))


def trace(work: Path, name: str) -> tuple[Path, list[str]]:
    """Run a campaign that nobody kills; return where it lies and the points it passed, in order."""
    directory, passed, fuse = work / f"left-alone-{name}", [], Fuse()
    directory.mkdir(parents=True)
    fuse.burns = lambda _: bool(passed.append(fuse.point))
    durable(directory, SHAPES[name], fuse).finish()
    return directory, passed


def judged(directories: list[Path]) -> dict[str, dict[str, list[str]]]:
    """Have the checker, a program of its own, judge what is left of these campaigns."""
    argv = (sys.executable, str(HERE / "audit_stores.py"), *map(str, directories))
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode > 1 or not done.stdout:
        raise SystemExit(f"the checker failed: {done.stderr}")
    wrong: dict[str, dict[str, list[str]]] = json.loads(done.stdout)["wrong"]
    return wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What came of one kind of killing. ``wrong`` holds the checker's words by kind."""

    kills: int
    campaigns: int
    seconds: float
    points: Mapping[str, int]
    wrong: Mapping[str, Sequence[str]]

    def __add__(self, other: "Tally") -> "Tally":
        kinds = ("lost", "duplicated", "over_budget")
        return Tally(
            kills=self.kills + other.kills,
            campaigns=self.campaigns + other.campaigns,
            seconds=max(self.seconds, other.seconds),
            points=dict(Counter(self.points) + Counter(other.points)),
            wrong={kind: [*self.wrong.get(kind, ()), *other.wrong.get(kind, ())] for kind in kinds},
        )

    @property
    def clean(self) -> bool:
        return not any(self.wrong.values())

    def told(self) -> str:
        lost, twice, over = (len(self.wrong.get(kind, ())) for kind in ("lost", "duplicated", "over_budget"))
        rarest, least = min(self.points.items(), key=lambda point: point[1], default=("none", 0))
        return (
            f"{self.kills} kills in {self.campaigns} campaigns ({self.seconds:.0f} s), {lost} lost, {twice} duplicated, {over} over budget; "
            f"{len(self.points)} named crash points, each killed at least {least} times ({rarest})"
        )


NOTHING = Tally(kills=0, campaigns=0, seconds=0.0, points={}, wrong={})


def tally(injector: Injector, began: float) -> Tally:
    """Have everything judged that an injector has left."""
    wrong: dict[str, list[str]] = {}
    for place, found in judged(injector.directories).items():
        for kind, words in found.items():
            wrong.setdefault(kind, []).extend(f"{Path(place).name}: {word}" for word in words)
    return Tally(
        kills=injector.kills,
        campaigns=len(injector.directories),
        seconds=time.monotonic() - began,
        points=dict(injector.points),
        wrong=wrong,
    )


def at_once(workers: int, work: Callable[[int], Tally]) -> Tally:
    """Do ``work`` in as many forked processes, told apart by number, and add up what they found."""
    readers = []
    for number in range(workers):
        reader, writer = os.pipe()
        if os.fork() == 0:
            code = 1
            try:
                found = work(number)
                with os.fdopen(writer, "w") as pipe:
                    json.dump(asdict(found), pipe)
                code = 0
            except BaseException:  # noqa: BLE001 as above
                traceback.print_exc()
            finally:
                os._exit(code)
        os.close(writer)
        readers.append(reader)
    total = NOTHING
    for reader in readers:
        with os.fdopen(reader) as pipe:
            total += Tally(**json.load(pipe))
    for _ in readers:
        if os.wait()[1]:
            raise SystemExit("an injector failed")
    return total


def random_kills(work: Path, kills: int, shapes: Sequence[str], seed: int, workers: int) -> Tally:
    """Kill campaigns of these shapes at random until enough kills have landed."""
    traced = {name: trace(work, name) for name in shapes}
    named = {name: sorted(set(points)) for name, (_, points) in traced.items()}
    gc.freeze()

    def share(number: int) -> Tally:
        began, injector = time.monotonic(), Injector(work / str(number), random.Random(f"{seed}:{number}"), named)
        wanted = kills // workers + (number < kills % workers)
        while injector.kills < wanted:
            name = shapes[len(injector.directories) % len(shapes)]
            most = min(injector.dice.randrange(40, 240), wanted - injector.kills)
            injector.campaign(name, most, traced[name][0] if name in LIKE else None)
        return tally(injector, began)

    found = at_once(workers, share)
    if kills >= ENOUGH:
        more = Injector(work / "more", random.Random(seed), named, tops_up=True, points=Counter(found.points))
        found += topped_up(more, traced)
    missed = {point: 0 for points in named.values() for point in points if point not in found.points}
    return replace(found, points={**found.points, **missed})


def topped_up(injector: Injector, traced: Mapping[str, tuple[Path, Sequence[str]]]) -> Tally:
    """Kill at each point that has seen too few, in campaign after campaign: some points are passed once in each."""
    began, before = time.monotonic(), Counter(injector.points)
    for name, points in injector.named.items():
        for _ in range(LEAST):
            if all(injector.points[point] >= LEAST for point in points):
                break
            injector.campaign(name, 0, traced[name][0] if name in LIKE else None)
    injector.points -= before
    return tally(injector, began)


def every_point(work: Path, name: str, workers: int) -> Tally:
    """Kill one campaign at each of the points that it passes, each once."""
    like, passed = trace(work, name)
    gc.freeze()

    def share(number: int) -> Tally:
        began, injector = time.monotonic(), Injector(work / f"every-{number}", random.Random(0), {})
        for touch in range(1 + number, len(passed) + 1, workers):
            injector.once(name, Doom(touch=touch), like)
        return tally(injector, began)

    return at_once(workers, share)


def pairs(work: Path, name: str, most: int, seed: int, workers: int) -> Tally:
    """Kill one campaign at pairs of the points that it passes, the second in the life after the first: all of them, or ``most`` by lot."""
    like, passed = trace(work, name)
    every = [(a, b) for a in range(1, len(passed) + 1) for b in range(1, len(passed) - a + 8)]
    chosen = every if most >= len(every) else random.Random(seed).sample(every, most)
    print(f"{len(chosen)} of {len(every)} pairs of the {len(passed)} points of {name!r}", flush=True)
    gc.freeze()

    def share(number: int) -> Tally:
        began, injector = time.monotonic(), Injector(work / f"pairs-{number}", random.Random(0), {})
        for first, second in chosen[number::workers]:
            injector.twice(name, first, second, like)
        return tally(injector, began)

    return at_once(workers, share)


def planted(work: Path, bugs: Sequence[str], seed: int, most: int = 12) -> dict[str, str]:
    """Plant each bug, kill, and return by its name the telling thing that the checker found; nothing where it did not."""
    traced = {shape: trace(work, shape) for shape in sorted({PLANTS[bug][0] for bug in bugs})}
    named = {name: sorted(set(points)) for name, (_, points) in traced.items()}
    found: dict[str, str] = {}
    for number, bug in enumerate(bugs):
        shape, plant, telling = PLANTS[bug]
        injector = Injector(work / f"plant-{number}", random.Random(f"{seed}:{bug}"), named, plant)
        found[bug] = ""
        while not found[bug] and len(injector.directories) < most:
            place = injector.campaign(shape, 40, traced[shape][0] if shape in LIKE else None)
            words = [w for kinds in judged([place]).values() for told in kinds.values() for w in told]
            found[bug] = next((word for word in words if telling in word), "")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10_000)
    parser.add_argument("--shapes", nargs="*", choices=tuple(SHAPES), default=tuple(SHAPES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--exhaustive", action="append", choices=tuple(SHAPES), default=[], help="every crash point, each once"
    )
    parser.add_argument("--pairs", action="append", choices=tuple(SHAPES), default=[], help="crash points in pairs")
    parser.add_argument(
        "--of", type=int, default=2000, help="so many pairs, by lot (the shortest has some ten thousand)"
    )
    parser.add_argument("--plants", nargs="*", metavar="BUG", help="plant these bugs, or all")
    told, work = parser.parse_args(), Path(tempfile.mkdtemp(prefix="rea-forked-", dir=SHM if SHM.is_dir() else None))
    bad = False
    for name in told.exhaustive:
        found = every_point(work / "exhaustive", name, told.workers)
        bad |= say(f"every crash point of {name!r} once", found)
    for name in told.pairs:
        found = pairs(work / "pairs", name, told.of, told.seed, told.workers)
        bad |= say(f"pairs of crash points of {name!r}", found)
    if told.kills:
        found = random_kills(work / "random", told.kills, told.shapes, told.seed, told.workers)
        bad |= say("random", found) or (told.kills >= ENOUGH and min(found.points.values()) < LEAST)
    if told.plants is not None:
        caught = planted(work / "planted", told.plants or tuple(PLANTS), told.seed)
        for bug, word in caught.items():
            print(f"  planted: {bug}: {word or 'NOT CAUGHT'}")
        print(f"{sum(map(bool, caught.values()))} of {len(caught)} planted bugs caught", flush=True)
        bad |= not all(caught.values())
    if bad:
        print(f"kept for a look: {work}")
    else:
        shutil.rmtree(work)
    return int(bad)


def say(what: str, found: Tally) -> bool:
    """Print a tally, and return whether anything is wrong."""
    print(f"{what}: {found.told()}", flush=True)
    for kind, words in found.wrong.items():
        print(*(f"  {kind}: {word}\n" for word in words[:10]), sep="", end="", flush=True)
    return not found.clean


if __name__ == "__main__":
    sys.exit(main())
