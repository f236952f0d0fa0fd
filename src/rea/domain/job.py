"""Jobs: one attempt at one replicate, and what is known of it."""

from dataclasses import dataclass
from enum import StrEnum

from rea.domain.change import BASELINE, Change
from rea.domain.experiment import Phase, Purpose, Replicate
from rea.domain.ids import ExperimentId, JobId


class JobState(StrEnum):
    """Where a job is. LOST is not FAILED; UNKNOWN is neither and may only wait."""

    RESERVED = "reserved"
    SUBMITTED = "submitted"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    LOST = "lost"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def ended(self) -> bool:
        """Whether the job will not change any more."""
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.LOST, JobState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One attempt: a name derived from its place, what it runs, and what is held for it in device-milliseconds.

    ``change`` is the treatment; ``adjustment`` is what a remedy altered beside it; ``resumes`` is the job whose checkpoint it goes on from.
    """

    id: JobId
    experiment: ExperimentId
    index: int
    purpose: Purpose
    phase: Phase
    attempt: int
    seed: int
    fidelity: str
    change: Change
    adjustment: Change = BASELINE
    resumes: JobId | None = None
    time_limit_s: int = 0
    held_ms: int = 0

    @property
    def replicate(self) -> Replicate:
        return Replicate(experiment=self.experiment, index=self.index, purpose=self.purpose, phase=self.phase)


def job_id(replicate: Replicate, attempt: int) -> JobId:
    """Return the name of a job: submitting it twice is submitting it once."""
    return JobId(f"{replicate.key}.a{attempt}")


LOCAL = "local"  # the backend that needs no cluster
HEADROOM = 3  # a job may take this many times what calibration lets expect
LEAST_LIMIT_S = 20
SILENT = "no sign of it for"  # in the reason of such a job
KILL_GRACE_S = 10  # a job that is told to end at its limit may take this long to do so


def limit_s(expected_ms: int, devices: int, declared_s: int) -> int:
    """Return the time limit of a job in seconds: the declared one, tightened to what calibration lets expect."""
    return min(declared_s, max(LEAST_LIMIT_S, round(HEADROOM * expected_ms / 1000 / devices)))


def hold_ms(limit: int, devices: int) -> int:
    """Return the worst case of one job with this limit (seconds), in device-milliseconds."""
    return (limit + KILL_GRACE_S) * devices * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """A backend's answer about one job. ``reason`` keeps the backend's own word; ``seconds`` is run time so far or in all, ``node`` where it ran."""

    state: JobState
    reason: str = ""
    log_tail: str = ""
    seconds: float = 0.0
    node: str = ""  # "": not known
    curve: tuple[tuple[float, float], ...] = ()  # how far and how good, by the job's own word

    @property
    def silent(self) -> bool:
        """Whether its scheduler calls the job running while it has given no sign for long: somebody has to look, nothing else is safe."""
        return self.state is JobState.UNKNOWN and SILENT in self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Everything a backend needs to run one job; ``directory`` holds ``control/`` (ours) and ``out/`` (the job's).

    ``environment`` is the whole environment of the job. Limits are in seconds, ``memory_mb`` bounds the data segment.
    """

    job: JobId
    directory: str
    argv: tuple[str, ...]
    cwd: str
    environment: tuple[tuple[str, str], ...]
    time_limit_s: int
    silence_limit_s: int
    memory_mb: int | None = None
    devices: int = 1
    checkpoint: str = ""  # the job's own, which may not be there yet
    avoid: tuple[str, ...] = ()  # nodes that it is not to run on, where the backend has more than one
    around: tuple[str, ...] = ()  # the words of the sandbox that come before the command, where there is one
    restart: tuple[str, ...] = ()  # the command that goes on from it, for a job that its scheduler starts again
