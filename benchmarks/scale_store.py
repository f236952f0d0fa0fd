"""The store of ``scale.py``: one campaign as a very long search leaves it, and many of ordinary size.

    scale_store.py STATE EVENTS EXPERIMENTS CAMPAIGNS

A whole campaign is simulated. The large one begins like it, up to Exploitation; its search is then answered again and again, every
experiment trains under two seeds, and every replicate is preempted until there are as many events as are asked for. All of it is
appended through the program's own journal, in the words of its own events: chain, ledgers and holds are what they would be.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rea import gate
from rea.campaign.evolve import replay
from rea.domain import event as e
from rea.domain.campaign import Campaign, PhaseRecord
from rea.domain.change import Change
from rea.domain.evidence import Comparison, Measurement, Rows
from rea.domain.experiment import Experiment, Phase, Purpose, Replicate, experiment_id, seed_of
from rea.domain.ids import CampaignId, Digest, JobId
from rea.domain.job import Job, JobState, JobStatus, job_id
from rea.domain.runbook import Cause, Remedy, Treatment
from rea.executor.materialise.layout import record_of
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.simulation import CAMPAIGN, Truth, World

SEEDS = 2
QUEUE = 12  # contenders that are to be looked at again when the wakes begin
TOGETHER = 20_000  # events appended in one transaction
BUDGET_S = 1e10
TRUTH = Truth(effects={f"lever{n}": 0.01 / (n + 1) for n in range(6)})
PREEMPTED = Treatment(entry="preempted", cause=Cause.INFRASTRUCTURE, remedy=Remedy.RETRY, reason="once more")


def store(state: Path, events: int, experiments: int, campaigns: int) -> None:
    """Write the store under ``state``, unless it is there already."""
    made = state / f"made-{events}-{experiments}-{campaigns}"
    if made.exists():
        return
    began, log = time.perf_counter(), SqlJournal(Database(state / "store.db"))
    for done in large(log, events, experiments):
        print(f"\r{done} events written in {time.perf_counter() - began:.0f} s", end="", file=sys.stderr, flush=True)
    many(log, campaigns - 1)
    for name in log.campaigns():
        furnish(gate.place(state, name))
    print(f"\nwritten in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    made.touch()


def furnish(directory: Path) -> None:
    """Make what a wake finds on disk of a campaign that runs: a workspace, and nothing owed."""
    directory.mkdir(parents=True, exist_ok=True)
    record_of(directory).write_text('{"commit": "0", "python": "python", "environment": []}')
    gate.end_look(directory, None)


def large(log: SqlJournal, events: int, experiments: int) -> Iterator[int]:
    """Append the large campaign, yielding how many events there are."""
    begun = beginning(TRUTH, BUDGET_S)
    c = replay(begun)
    record = next(r for r in c.phases.values() if r.phase is Phase.EXPLOITATION)
    batches = experiments // 2
    attempts = (events - len(begun) - batches * (1 + 2 * SEEDS)) // (experiments * SEEDS * 4)
    filler, some = Filler(c, record, max(1, attempts)), list(begun)
    for number in range(batches):
        some += filler.batch(number)
        if len(some) >= TOGETHER:
            yield log.append(CAMPAIGN, some)
            some = []
    last = filler.queue()
    told = events - log.head(CAMPAIGN).length - len(some) - 1
    some += (e.Notified(kind="note", subject=str(n)) for n in range(told))
    yield log.append(CAMPAIGN, [*some, last])


def beginning(truth: Truth, budget_s: float) -> list[e.Event]:
    """Return the events of a simulated campaign up to the opening of Exploitation."""
    world = World(truth=truth, budget_s=budget_s)
    world.run()
    told = [r.event for r in world.journal.read(CAMPAIGN)]
    opens = next(n for n, x in enumerate(told) if isinstance(x, e.PhaseOpened) and x.phase is Phase.EXPLOITATION)
    return told[: opens + 1]


def many(log: SqlJournal, campaigns: int) -> None:
    """Append campaigns of ordinary size: what one simulated campaign records up to Exploitation, under names of their own."""
    first, *rest = beginning(TRUTH, 20_000.0)
    assert isinstance(first, e.CampaignOpened)
    for number in range(campaigns):
        name = CampaignId(f"small-{number:04}")
        log.append(name, [replace(first, campaign=name), *rest])


@dataclass
class Filler:
    """Tells what a long search leaves in the journal, one batch of two experiments after another."""

    c: Campaign
    record: PhaseRecord
    attempts: int
    made: int = 0

    def batch(self, number: int) -> Iterator[e.Event]:
        points = tuple(self._experiment(2 * number + i) for i in (0, 1))
        yield e.Suggested(round=self.record.round, batch=self.c.batches + number, experiments=points)
        for seed in range(SEEDS):
            runs = tuple(Replicate(experiment=p.id, index=seed, phase=Phase.EXPLOITATION) for p in points)
            yield self._added(points, runs)
            for point, run in zip(points, runs, strict=True):
                yield from self._attempts(point, run)
            yield e.Compared(comparisons=tuple(self._comparison(p, seed + 1) for p in points))

    def queue(self) -> e.Event:
        """Return the event that asks for a further seed of some of the first points."""
        points = tuple(self._experiment(n) for n in range(QUEUE))
        runs = tuple(Replicate(experiment=p.id, index=SEEDS, phase=Phase.EXPLOITATION) for p in points)
        return self._added(points, runs)

    def _added(self, points: tuple[Experiment, ...], runs: tuple[Replicate, ...]) -> e.Event:
        return e.ReplicatesAdded(
            round=self.record.round, phase=Phase.EXPLOITATION, experiments=points, replicates=runs, reason="points"
        )

    def _experiment(self, number: int) -> Experiment:
        # no two alike to the four digits by which what is learnt is told apart
        row, column = divmod(number, 100)
        change = Change(overrides=(("lever0", 1.0 + (column + 1) / 1000), ("lever1", 1.0 + (row + 1) / 1000)))
        return Experiment(id=experiment_id(self.c.workload_digest, change, "full"), change=change, fidelity="full")

    def _attempts(self, point: Experiment, run: Replicate) -> Iterator[e.Event]:
        for attempt in range(self.attempts):
            job, last = self._job(point, run, attempt), attempt == self.attempts - 1
            yield e.JobReserved(job=job)
            yield e.JobSubmitted(job=job.id, handle=f"/state/campaigns/simulated/jobs/{job.id}")
            ended = JobStatus(state=JobState.SUCCEEDED, reason="exit 0", seconds=60.0)
            gone = JobStatus(state=JobState.LOST, reason="preempted", seconds=60.0, log_tail="slurmstepd: preempted")
            yield e.JobEnded(job=job.id, status=ended if last else gone, cost_ms=60_000)
            yield self._judged(job) if last else e.JobTreated(job=job.id, treatment=PREEMPTED)

    def _job(self, point: Experiment, run: Replicate, attempt: int) -> Job:
        return Job(
            id=job_id(run, attempt),
            experiment=point.id,
            index=run.index,
            purpose=Purpose.SELECT,
            phase=Phase.EXPLOITATION,
            attempt=attempt,
            seed=seed_of(7, point.change, Purpose.SELECT, run.index),
            fidelity="full",
            change=point.change,
            time_limit_s=180,
            held_ms=190_000,
        )

    def _judged(self, job: Job) -> e.Event:
        self.made += 1
        value = Measurement(metric="ne", value=0.79 - self.made / 1e8, rows=20_000)
        return e.Measured(job=job.id, measurements=(value,), fingerprint=Digest(f"{self.made:064x}"))

    def _comparison(self, point: Experiment, seeds: int) -> Comparison:
        """Return a comparison that is a little better than the one before, so that the search goes on."""
        known = next(x for x in self.c.comparisons.values() if x.rows is Rows.JUDGE and self._full(x))
        jobs = tuple(JobId(f"{point.id}.select.s{s}.a{self.attempts - 1}") for s in range(seeds))
        effect = 0.02 + self.made / 1e8
        spread = tuple(effect + (self.made % 97 - 48) * 1e-5 * (1 - 2 * s) for s in range(seeds))
        return replace(known, experiment=point.id, effect=effect, jobs=jobs, seeds=spread)

    def _full(self, known: Comparison) -> bool:
        return self.c.experiments[known.experiment].fidelity == "full" and known.experiment != known.baseline


if __name__ == "__main__":
    store(Path(sys.argv[1]), *map(int, sys.argv[2:]))
