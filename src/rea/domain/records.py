"""What is known of each job. Those that are over may lie packed, as bytes, until somebody asks, which hardly anybody does."""

from collections.abc import Callable, ItemsView, Iterator, ValuesView
from dataclasses import dataclass

from rea.domain.event import Measured
from rea.domain.experiment import Purpose
from rea.domain.ids import JobId
from rea.domain.job import Job, JobState, JobStatus
from rea.domain.runbook import Treatment


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A job and the last thing known about it. ``cost_ms`` is settled at the end."""

    job: Job
    state: JobState = JobState.RESERVED
    handle: str = ""
    status: JobStatus | None = None
    cost_ms: int = 0
    treatment: Treatment | None = None
    measured: Measured | None = None
    refused: str = ""

    @property
    def failed(self) -> bool:
        """Whether the job failed, was lost, or had its predictions refused; a rerun that looks into a failure shows what it shows."""
        wrong = self.state in (JobState.FAILED, JobState.LOST) or bool(self.refused)
        return wrong and self.job.purpose is not Purpose.DIAGNOSE

    @property
    def judged(self) -> bool:
        return self.measured is not None or bool(self.refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRecord:
    """How the latest jobs on one node went (True: failed for a reason that lies in no treatment), and whether it is set aside."""

    failed: tuple[bool, ...] = ()
    excluded: int = 0  # how often
    until: float = 0.0  # Unix seconds; 0: it is used
    told: tuple[str, ...] = ()  # why, each time


Unpack = Callable[[bytes], dict[JobId, JobRecord]]


class Jobs(dict[JobId, JobRecord]):
    """Jobs by id, oldest first; those of ``packs``, by the key of their replicate, come before all others."""

    __slots__ = ("packed", "packs", "unpack")

    def __init__(
        self,
        loose: dict[JobId, JobRecord] | None = None,
        packs: dict[str, bytes] | None = None,
        packed: int = 0,
        unpack: Unpack | None = None,
    ) -> None:
        super().__init__(loose or {})
        self.packs, self.packed, self.unpack = packs or {}, packed, unpack

    def __setitem__(self, job: JobId, record: JobRecord) -> None:
        if (key := replicate_of(job)) in self.packs:  # a late fact about what was over
            found = self._pack(key)
            del self.packs[key]
            self.packed -= len(found)
            self.update(found)
        super().__setitem__(job, record)

    def __missing__(self, job: JobId) -> JobRecord:
        return self._pack(replicate_of(job))[job]

    def get(self, job: JobId, default: JobRecord | None = None) -> JobRecord | None:  # type: ignore[override]
        found = super().get(job)
        return found if found is not None else self._pack(replicate_of(job)).get(job, default)

    def __contains__(self, job: object) -> bool:
        return super().__contains__(job) or (isinstance(job, str) and self.get(JobId(job)) is not None)

    def __len__(self) -> int:
        return super().__len__() + self.packed

    def __iter__(self) -> Iterator[JobId]:
        for key in self.packs:
            yield from self._pack(key)
        yield from super().__iter__()

    def __reversed__(self) -> Iterator[JobId]:
        yield from super().__reversed__()
        for key in reversed(self.packs):
            yield from reversed(self._pack(key))

    def keys(self):  # type: ignore[no-untyped-def]
        return dict.fromkeys(self).keys()

    def values(self) -> ValuesView[JobRecord]:  # type: ignore[override]
        return self._all().values()

    def items(self) -> ItemsView[JobId, JobRecord]:  # type: ignore[override]
        return self._all().items()

    def loose(self) -> dict[JobId, JobRecord]:
        """Return the jobs that are in no pack, oldest first."""
        return {job: dict.__getitem__(self, job) for job in super().__iter__()}

    def loosen(self) -> None:
        """Unpack all of them, for whoever looks at each of them again and again. They are the same jobs, in the same order."""
        found = self._all()
        self.packs, self.packed = {}, 0
        self.clear()
        self.update(found)

    def copy(self) -> "Jobs":
        return Jobs(self.loose(), dict(self.packs), self.packed, self.unpack)

    def __eq__(self, other: object) -> bool:
        return self._all() == (other._all() if isinstance(other, Jobs) else other)

    def _all(self) -> dict[JobId, JobRecord]:
        return {job: record for key in self.packs for job, record in self._pack(key).items()} | self.loose()

    def _pack(self, key: str) -> dict[JobId, JobRecord]:
        pack = self.packs.get(key)
        if pack is None or self.unpack is None:
            return {}
        return self.unpack(pack)


class Attempts(dict[str, tuple[JobId, ...]]):
    """The jobs of each replicate, oldest first. Of a packed replicate the number is kept, as its jobs are numbered."""

    __slots__ = ("counts",)

    def __init__(self, loose: dict[str, tuple[JobId, ...]] | None = None, counts: dict[str, int] | None = None) -> None:
        super().__init__(loose or {})
        self.counts = counts or {}

    def __setitem__(self, key: str, jobs: tuple[JobId, ...]) -> None:
        self.counts.pop(key, None)
        super().__setitem__(key, jobs)

    def __missing__(self, key: str) -> tuple[JobId, ...]:
        return numbered(key, self.counts[key])

    def get(self, key: str, default: tuple[JobId, ...] = ()) -> tuple[JobId, ...]:  # type: ignore[override]
        found = super().get(key)
        return found if found is not None else numbered(key, self.counts[key]) if key in self.counts else default

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or key in self.counts

    def __len__(self) -> int:
        return super().__len__() + len(self.counts)

    def __iter__(self) -> Iterator[str]:
        yield from self.counts
        yield from super().__iter__()

    def items(self) -> ItemsView[str, tuple[JobId, ...]]:  # type: ignore[override]
        return {key: self[key] for key in self}.items()

    def values(self) -> ValuesView[tuple[JobId, ...]]:  # type: ignore[override]
        return {key: self[key] for key in self}.values()

    def loose(self) -> dict[str, tuple[JobId, ...]]:
        """Return the attempts at replicates that are not packed."""
        return {key: dict.__getitem__(self, key) for key in super().__iter__()}

    def copy(self) -> "Attempts":
        return Attempts(self.loose(), dict(self.counts))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, dict) and dict(self.items()) == dict(other.items())


def replicate_of(job: JobId) -> str:
    """Return the key of the replicate that a job's name says it attempts."""
    return job.rpartition(".a")[0]


def numbered(key: str, count: int) -> tuple[JobId, ...]:
    """Return the names of the first ``count`` jobs of a replicate."""
    return tuple(JobId(f"{key}.a{n}") for n in range(count))
