"""What became of a job, by its files first, and by its scheduler's word where they leave it open."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rea.domain.job import SILENT, JobState, JobStatus
from rea.executor.contract.control import Control, Life, read_state
from rea.executor.contract.directory import control_of
from rea.executor.contract.log import tail
from rea.executor.contract.status import modified, seen, status_of

SILENT_S = 180.0  # far beyond the watcher's 5 s and what a network file system may hold back


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A job that its files leave open. ``handed_over`` is when it was submitted (Unix, 0: never), ``fresh`` whether it gave a sign just now."""

    directory: Path
    control: Control
    now: float
    handed_over: float
    fresh: bool
    cancelled: bool
    quiet_s: float = 0.0  # since the last sign of a job that began

    @property
    def log(self) -> str:
        return tail(self.directory) if self.control.claimed else ""

    @property
    def seconds(self) -> float:
        """How long the job ran, over all its starts, as far as its files show."""
        return spent_s(self.directory) + (seen(self.directory, self.control) if self.control.claimed else 0.0)


def by_files(directory: Path, now: float, grace_s: float) -> JobStatus | Look:
    """Return the status where the files settle it: an exit, a lock that is held, or no job at all; else what they show."""
    try:
        control = read_state(directory)
        if control.exit is not None or control.life is Life.RUNNING:
            # by this very look: another may find the lock let go, and end a job that its scheduler starts again
            told = status_of(directory, control, now, grace_s)
            return replace(told, seconds=told.seconds + spent_s(directory))
        if not (control_of(directory) / "spec").exists():
            return JobStatus(state=JobState.RESERVED)
        return _look(directory, control, now, grace_s)
    except OSError as error:
        return JobStatus(state=JobState.UNKNOWN, reason=f"cannot read {directory}: {error.strerror}")


def _look(directory: Path, control: Control, now: float, grace_s: float) -> Look:
    place = control_of(directory)
    handed_over = modified(place / "submitted")
    signs = (handed_over, *(modified(place / name) for name in ("claim", "log", "next", "beat")))
    return Look(
        directory=directory,
        control=control,
        now=now,
        handed_over=handed_over,
        fresh=now - max(signs if control.claimed else signs[:1]) < grace_s,
        cancelled=(place / "cancel").exists(),
        quiet_s=max(0.0, now - max(signs)) if control.claimed else 0.0,
    )


def by_both(look: Look, told: Callable[[Look], JobStatus], now: float, grace_s: float) -> JobStatus:
    """Return what the scheduler's answer, ``told``, makes of a job. Where that ends it or calls it new, its files are read once more.

    A job may begin and end while its scheduler is asked, which takes up to a minute where that is busy: the look is older than the answer.
    """
    status = told(look)
    if not status.state.ended and status.state is not JobState.RESERVED:
        return status
    again = by_files(look.directory, now, grace_s)
    return again if isinstance(again, JobStatus) else told(again)


def alive(look: Look, state: JobState, why: str) -> JobStatus:
    """Return the status of a job that has not ended, with the scheduler's word."""
    running = look.seconds if state is JobState.RUNNING else 0.0
    return JobStatus(state=state, reason=why, log_tail=look.log, seconds=running)


def running(look: Look, word: str) -> JobStatus:
    """Return the status of a job that its scheduler calls running. The watcher leaves a sign every 5 s: without any it may be dead.

    It may also be that its files do not get here. So it only waits, and a person is told: nothing is launched a second time on a guess.
    """
    if look.quiet_s < SILENT_S:
        return alive(look, JobState.RUNNING, word)
    return alive(look, JobState.UNKNOWN, f"{word}, but {SILENT} {look.quiet_s / 60:.0f} min")


def unrecorded(look: Look, word: str) -> JobStatus:
    """Return the status of a job that is over by its scheduler's word, while its files may only be late."""
    return JobStatus(state=JobState.UNKNOWN, reason=f"{word}: its exit record is not here yet", log_tail=look.log)


def ended(look: Look, state: JobState, why: str) -> JobStatus:
    """Return the status of a job that is over without an exit record; what we cancelled ourselves is CANCELLED."""
    state = JobState.CANCELLED if look.cancelled else state
    return JobStatus(state=state, reason=why, log_tail=look.log, seconds=look.seconds)


def forgotten(look: Look, scheduler: str) -> JobStatus:
    """Return the status of a job that its scheduler does not know (any more): one that began is never new again."""
    if look.fresh:
        waiting = JobState.UNKNOWN if look.control.claimed else JobState.SUBMITTED
        return JobStatus(state=waiting, reason=f"{scheduler} does not list it", log_tail=look.log)
    if not look.control.claimed:
        return JobStatus(state=JobState.RESERVED, reason=f"{scheduler} has never heard of it")
    return ended(look, JobState.LOST, f"no exit was recorded, and {scheduler} does not list it")


def spent_s(directory: Path) -> int:
    """Return how long earlier starts of this job ran, in seconds."""
    told = [path.read_text().strip() for path in control_of(directory).glob("spent.*")]
    return sum(int(text) for text in told if text.isdigit())
