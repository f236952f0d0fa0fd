"""A simulated campaign whose journal is a database and whose cluster keeps a log: any process can go on with it, from the files alone."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom

from rea.domain.errors import BackendUnreachable
from rea.domain.event import JobReserved
from rea.domain.job import Job, JobState
from rea.domain.plan import Policy
from rea.domain.runbook import RunbookEntry
from rea.executor.backends.simulated import Run
from rea.ports import Insights
from rea.store.database import Database
from rea.store.insights import SqlInsights
from rea.store.journal import SqlJournal
from rea.testing.cluster import LoggedCluster
from rea.testing.fuse import Fuse
from rea.testing.simulation import CAMPAIGN, Truth, World

STORE, CLUSTER = "store.db", "cluster.log"
MOST_IDLE = 40  # looks in a row that change nothing and let no time pass: the campaign is stuck


class Stuck(Exception):
    """Nothing runs, nothing happens, and the campaign is not over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What kind of a campaign it is. ``away`` is the share of calls at which the scheduler cannot be reached; ``stop_at`` in virtual seconds."""

    effects: tuple[tuple[str, float], ...] = (("a", 0.02), ("b", 0.012), ("c", -0.01))
    budget_s: float = 2400.0
    policy: Policy = field(default_factory=lambda: Policy(seed=7, calibration_seeds=2, looks=(1, 2), finalists=1))
    rungs: bool = True
    away: float = 0.0
    stop_at: float | None = None
    failing: Callable[[Job], Run | None] = lambda _: None
    runbook: tuple[RunbookEntry, ...] = ()


def stamp() -> str:
    """Return nanoseconds of a clock that only goes forward, the same for every process of this machine."""
    return f"{time.monotonic_ns():020d}"


@dataclass(slots=True, kw_only=True)
class DurableWorld(World):
    """A world that is opened from ``directory`` again and again, wherever the process before it died."""

    shape: Shape
    database: Database

    @property
    def knowledge(self) -> Insights:
        return SqlInsights(self.database)

    @property
    def cluster(self) -> LoggedCluster:
        assert isinstance(self.backend, LoggedCluster)
        return self.backend

    def pass_time(self) -> bool:
        end = self.backend.next_end()
        if end is not None:
            self.cluster.tick(end)
            self.clock = end
        return end is not None

    def finish(self) -> None:
        """See the campaign to its end, as wakes and a person do. Raises Stuck when it has none."""
        self.open()
        idle = 0
        while not self.state.ended:
            before = len(self.journal.read(CAMPAIGN))
            self._step()
            idle = 0 if self.pass_time() or len(self.journal.read(CAMPAIGN)) > before else idle + 1
            if idle > MOST_IDLE:
                raise Stuck(self.state.paused or "nothing happens")
        self._step()  # a last look, in case that whoever concluded died before anybody was told

    def _step(self) -> None:
        if self.shape.stop_at is not None and self.clock >= self.shape.stop_at:
            (self.directory / "STOP").touch()
        self.backend.reachable = SystemRandom().random() >= self.shape.away
        try:
            self.wake()
        except BackendUnreachable:
            return  # the waker would try again in a minute
        self.approve()


def durable(directory: Path, shape: Shape, fuse: Fuse | None = None) -> DurableWorld:
    """Open the world that lies in ``directory``, making it on first use."""
    fuse = fuse or Fuse()
    fuse.touch("store.open:before")
    database = Database(directory / STORE)
    fuse.touch("store.open:after")
    world = DurableWorld(
        truth=Truth(effects=dict(shape.effects)),
        budget_s=shape.budget_s,
        policy=shape.policy,
        rungs=shape.rungs,
        failing=shape.failing,
        runbook=shape.runbook,
        fuse=fuse,
        journal=SqlJournal(database, now=stamp),
        directory=directory,
        shape=shape,
        database=database,
    )
    cluster = LoggedCluster(outcome=world._outcome, now=lambda: world.clock, log=directory / CLUSTER)
    world.backend, world.clock = cluster, cluster.clock
    recorded = (r.event for r in world.journal.read(CAMPAIGN))
    world.jobs.update({e.job.id: e.job for e in recorded if isinstance(e, JobReserved)})
    return world


def lost_once(job: Job) -> Run | None:
    """Lose the first attempt at every third replicate with its node."""
    if job.attempt == 0 and sum(job.replicate.key.encode()) % 3 == 0:
        return Run(seconds=7.0, state=JobState.LOST, reason="no exit was recorded")
    return None
