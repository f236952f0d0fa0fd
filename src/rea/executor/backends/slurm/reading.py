"""What became of a job that its files leave open, by Slurm's word, which stays in the reason."""

from rea.domain.job import JobState, JobStatus
from rea.executor.backends.reading import Look, alive, ended, running, unrecorded
from rea.executor.backends.slurm.client import Entry
from rea.executor.backends.slurm.states import COMPLETED, RUNNING, state_of


def by_slurm(look: Look, entry: Entry) -> JobStatus:
    """Return the status that Slurm tells."""
    state, word = state_of(entry.word), entry.word
    if refused(look.handed_over, entry) and not look.control.claimed:
        return JobStatus(state=JobState.RESERVED, reason=f"{word}: Slurm refused it")
    if word == RUNNING:
        return running(look, word)
    if not state.ended:
        return alive(look, state, f"{word}: {entry.reason}" if entry.reason not in ("", "None") else word)
    if word == COMPLETED and look.fresh and not look.cancelled:
        return unrecorded(look, word)
    if word == COMPLETED and not look.cancelled and not look.control.claimed:
        word = f"{COMPLETED}, but its node cannot see or lock its directory"
    return ended(look, state, word if word != "FAILED" else f"{word} {entry.code}".strip())


def refused(handed_over: float, entry: Entry) -> bool:
    """Tell whether this is what Slurm remembers of a job that it did not take: sbatch said no, and yet there is a failed job."""
    return entry.word == "FAILED" and not handed_over
