"""What each word that Slurm has for a job means to us. Pure.

The words are those of `squeue(1)` and `sacct(1)`, "JOB STATE CODES", 19.05 to 24.11. They count only where the job's own
exit record is missing: a job that ended by itself is told by that record.
"""

from rea.domain.job import JobState

_WAITS, _RUNS, _LOST, _FAILED, _MAY_CHANGE = (
    JobState.SUBMITTED,
    JobState.RUNNING,
    JobState.LOST,
    JobState.FAILED,
    JobState.UNKNOWN,
)

COMPLETED = "COMPLETED"
RUNNING = "RUNNING"

STATES = {
    # states
    "PENDING": _WAITS,
    RUNNING: _RUNS,
    "SUSPENDED": _RUNS,
    COMPLETED: _LOST,  # the script ended well, but nobody wrote how: its exit record may be on its way
    "CANCELLED": _LOST,  # by somebody else; what we cancelled ourselves has our request in its directory
    "FAILED": _FAILED,
    "TIMEOUT": _FAILED,
    "OUT_OF_MEMORY": _FAILED,
    "DEADLINE": _FAILED,
    "NODE_FAIL": _LOST,
    "BOOT_FAIL": _LOST,
    "PREEMPTED": _LOST,
    # flags, which stand in place of the state while they hold
    "CONFIGURING": _WAITS,
    "POWER_UP_NODE": _WAITS,
    "REQUEUED": _WAITS,
    "REQUEUE_FED": _WAITS,
    "REQUEUE_HOLD": _WAITS,
    "RESV_DEL_HOLD": _WAITS,
    "SPECIAL_EXIT": _WAITS,
    "EXPEDITING": _WAITS,
    "RESIZING": _RUNS,
    "SIGNALING": _RUNS,
    "STOPPED": _RUNS,
    "COMPLETING": _MAY_CHANGE,
    "STAGE_OUT": _MAY_CHANGE,
    "UPDATE_DB": _MAY_CHANGE,
    "LAUNCH_FAILED": _LOST,
    "RECONFIG_FAIL": _LOST,
    "REVOKED": _LOST,
}


def native(text: str) -> str:
    """Return Slurm's word in ``text``: ``CANCELLED by 1000`` is CANCELLED, and a word cut off (``OUT_OF_ME+``) is made whole."""
    word = text.split()[0] if text.split() else ""
    begun = [known for known in STATES if word.endswith("+") and known.startswith(word[:-1])]
    return begun[0] if len(begun) == 1 else word


def state_of(word: str) -> JobState:
    """Return what a native word means; one that we don't know is UNKNOWN, never a failure."""
    return STATES.get(word, JobState.UNKNOWN)
