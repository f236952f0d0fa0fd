"""What became of a job, by its files first and by Slurm's word where they leave it open."""

from dataclasses import dataclass, replace
from pathlib import Path

from rea.domain.job import JobState, JobStatus
from rea.executor.backends.slurm.client import Entry
from rea.executor.backends.slurm.script import spent_s
from rea.executor.backends.slurm.states import COMPLETED, state_of
from rea.executor.contract.control import Control, Life, read_state
from rea.executor.contract.directory import control_of
from rea.executor.contract.log import tail
from rea.executor.contract.status import modified, seen, status


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A job that its files leave open. ``handed_over`` is when it was submitted (Unix, 0: never), ``fresh`` whether it gave a sign just now."""

    directory: Path
    control: Control
    now: float
    handed_over: float
    fresh: bool
    cancelled: bool

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
            told = status(directory, now, grace_s)
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
    )


def by_slurm(look: Look, entry: Entry) -> JobStatus:
    """Return the status by Slurm's word, which stays in the reason."""
    state, word = state_of(entry.word), entry.word
    if not state.ended:
        why = f"{word}: {entry.reason}" if entry.reason not in ("", "None") else word
        running = look.seconds if state is JobState.RUNNING else 0.0
        return JobStatus(state=state, reason=why, log_tail=look.log, seconds=running)
    if word == COMPLETED and look.fresh and not look.cancelled:
        return JobStatus(state=JobState.UNKNOWN, reason=f"{word}: its exit record is not here yet", log_tail=look.log)
    return _ended(look, state, word if word != "FAILED" else f"{word} {entry.code}".strip())


def forgotten(look: Look) -> JobStatus:
    """Return the status of a job that neither the controller nor the accounting knows."""
    if look.fresh:
        waiting = JobState.UNKNOWN if look.control.claimed else JobState.SUBMITTED
        return JobStatus(state=waiting, reason="Slurm does not list it", log_tail=look.log)
    if not look.control.claimed:
        return JobStatus(state=JobState.RESERVED, reason="Slurm has never heard of it")
    return _ended(look, JobState.LOST, "no exit was recorded, and Slurm does not list it")


def _ended(look: Look, state: JobState, why: str) -> JobStatus:
    state = JobState.CANCELLED if look.cancelled else state
    if state is JobState.LOST and not look.control.claimed and why == COMPLETED:
        why = f"{COMPLETED}, but its node cannot see or lock its directory"
    return JobStatus(state=state, reason=why, log_tail=look.log, seconds=look.seconds)
