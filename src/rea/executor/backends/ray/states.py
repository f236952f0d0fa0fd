"""What each word that Ray has for a job means to us. Pure.

The words are ``JobStatus`` and ``JobErrorType`` of Ray 2.60 (earlier versions have fewer). They count only where the job's own
exit record is missing: a job that ended by itself is told by that record.
"""

from rea.domain.job import JobState

FAILED = "FAILED"

STATES = {
    "PENDING": JobState.SUBMITTED,
    "RUNNING": JobState.RUNNING,
    "STOPPED": JobState.LOST,  # by somebody else; what we cancelled ourselves has our request in its directory
    "SUCCEEDED": JobState.LOST,  # the entrypoint ended well, but nobody wrote how: its exit record may be on its way
    FAILED: JobState.FAILED,
}
ERRORS = {
    "": JobState.FAILED,  # versions without error types
    "JOB_ENTRYPOINT_COMMAND_ERROR": JobState.FAILED,
    "JOB_SUPERVISOR_ACTOR_START_TIMEOUT": JobState.RESERVED,  # no room within 15 minutes: it waits, and Ray does not
    "JOB_SUPERVISOR_ACTOR_START_FAILURE": JobState.LOST,
    "JOB_SUPERVISOR_ACTOR_UNSCHEDULABLE": JobState.LOST,
    "JOB_SUPERVISOR_ACTOR_UNKNOWN_FAILURE": JobState.LOST,
    "JOB_SUPERVISOR_ACTOR_DIED": JobState.LOST,
    "JOB_ENTRYPOINT_COMMAND_START_ERROR": JobState.LOST,
    "RUNTIME_ENV_SETUP_FAILURE": JobState.LOST,
}
OVER = frozenset({"STOPPED", "SUCCEEDED", FAILED})


def state_of(status: str, error: str = "") -> JobState:
    """Return what Ray's words mean. One that we don't know is UNKNOWN; a failure for a reason that we don't know is nobody's: LOST."""
    if status == FAILED:
        return ERRORS.get(error, JobState.LOST)
    return STATES.get(status, JobState.UNKNOWN)
