"""What became of a job that its files leave open, by Ray's words, which stay in the reason."""

from dataclasses import replace

from rea.domain.job import JobState, JobStatus
from rea.executor.backends.ray.client import Entry
from rea.executor.backends.ray.states import FAILED, OVER, state_of
from rea.executor.backends.reading import Look, alive, ended, running, unrecorded

_MOST = 200  # characters of Ray's message; a failed entrypoint's holds its whole log
_LOG_FOLLOWS = ("JOB_ENTRYPOINT_COMMAND_ERROR", "")


def by_ray(look: Look, entry: Entry) -> JobStatus:
    """Return the status that Ray tells. Ray's word ends nothing while the job's files still move: its own look may be the one that died."""
    state, why = state_of(entry.status, entry.error_type or ""), words(entry)
    if state is JobState.RUNNING:
        return running(look, why)
    if entry.status not in OVER:
        return alive(look, state, why)
    if state is JobState.RESERVED and not look.control.claimed:
        return JobStatus(state=state, reason=why)
    if look.fresh and not look.cancelled:
        return unrecorded(look, why)
    if not look.control.claimed:  # whatever the error: nothing of the job's own ever ran
        return ended(look, JobState.LOST, f"{why}, and it never began: its node must see and lock its directory")
    return ended(look, JobState.LOST if state is JobState.RESERVED else state, why)


def words(entry: Entry) -> str:
    """Return Ray's words on one line: status, kind of error and exit code; the message where it says more than those."""
    error, told = entry.error_type or "", (entry.message or "").strip()
    code = str(entry.driver_exit_code) if entry.status == FAILED and entry.driver_exit_code is not None else ""
    head = " ".join(word for word in (entry.status, error, code) if word)
    telling = entry.status not in OVER or (entry.status == FAILED and error not in _LOG_FOLLOWS)
    return f"{head}: {told.splitlines()[0][:_MOST]}" if told and telling else head


def unknown(look: Look, why: str) -> JobStatus:
    """Return the status of a job whose head does not answer."""
    return replace(alive(look, JobState.UNKNOWN, why), log_tail="")
