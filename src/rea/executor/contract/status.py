"""From what the control files say to what the executor is told."""

import json
import re
from dataclasses import replace
from math import inf
from pathlib import Path

from rea.domain.job import JobState, JobStatus
from rea.executor.contract.control import Control, Life, read_state
from rea.executor.contract.directory import control_of
from rea.executor.contract.exit import Exit
from rea.executor.contract.log import tail

_NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def status(directory: Path, now: float, claim_grace_s: float) -> JobStatus:
    """Return a job's status; a job handed over longer than ``claim_grace_s`` ago that never claimed is RESERVED again.

    An unreadable directory is UNKNOWN: it may only be waited for.
    """
    try:
        return status_of(directory, read_state(directory), now, claim_grace_s)
    except OSError as error:
        return JobStatus(state=JobState.UNKNOWN, reason=f"cannot read {directory}: {error.strerror}")


def status_of(directory: Path, control: Control, now: float, claim_grace_s: float) -> JobStatus:
    """Return the status that one look at a job's directory told. Raises OSError where its log or marks cannot be read."""
    return replace(_status(directory, control, now, claim_grace_s), node=node_of(directory))


def _status(directory: Path, control: Control, now: float, claim_grace_s: float) -> JobStatus:
    if control.exit is not None:
        state, word, seconds = _verdict(control.exit), control.exit.word, control.exit.seconds
        return JobStatus(state=state, reason=word, log_tail=tail(directory), seconds=seconds)
    if control.life is Life.RUNNING:
        return JobStatus(state=JobState.RUNNING, log_tail=tail(directory), seconds=since(control, now))
    if (control_of(directory) / "cancel").exists():
        seconds = seen(directory, control)
        return JobStatus(state=JobState.CANCELLED, reason="cancelled", log_tail=tail(directory), seconds=seconds)
    if control.life is Life.LOST:
        seconds = seen(directory, control)
        return JobStatus(state=JobState.LOST, reason=control.note, log_tail=tail(directory), seconds=seconds)
    waiting = now - modified(control_of(directory) / "submitted") < claim_grace_s
    return JobStatus(state=JobState.SUBMITTED if waiting else JobState.RESERVED)


def node_of(directory: Path) -> str:
    """Return the node that a job was last started on, "" where that is not known."""
    try:
        words = (control_of(directory) / "node").read_text(errors="replace").split()
    except FileNotFoundError:
        return ""
    return words[0] if len(words) == 1 and _NODE.fullmatch(words[0]) else ""


def _verdict(record: Exit) -> JobState:
    if record.reason == "cancelled":
        return JobState.CANCELLED
    return JobState.SUCCEEDED if record.word == "exit 0" else JobState.FAILED


def since(control: Control, now: float) -> float:
    """Return how long ago a job was claimed, in seconds; 0 where that is not known."""
    return max(0.0, now - control.started) if control.started else 0.0


def seen(directory: Path, control: Control) -> float:
    """Return how long a job was last seen alive, by the wrapper's marks and the log: no longer than its limit, however the clock jumped."""
    signs = [modified(control_of(directory) / name) for name in ("log", "next", "beat")]
    return min(since(control, max(signs)), _longest(directory))


def _longest(directory: Path) -> float:
    try:
        told = json.loads((control_of(directory) / "spec").read_text())
        return float(told["time_limit_s"] + told["grace_s"])
    except (OSError, ValueError, KeyError, TypeError):  # no limit, or none that can be read
        return inf


def modified(path: Path) -> float:
    """Return when a file was last written (Unix seconds), 0 where there is none."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
