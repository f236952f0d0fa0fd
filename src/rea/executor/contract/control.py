"""Reading what became of a job from its control files."""

import fcntl
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rea.executor.contract.directory import control_of
from rea.executor.contract.exit import Exit, parse_exit


class Life(StrEnum):
    """What the control files say."""

    NEW = "new"
    RUNNING = "running"
    ENDED = "ended"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One look at a job's directory. ``started`` is Unix seconds, 0 before the claim; ``note`` says what is odd, or "".

    LOST with ``claimed``: the job may have finished its work with nobody left to tell; its results may still be judged.
    """

    life: Life
    claimed: bool = False
    exit: Exit | None = None
    started: float = 0.0
    note: str = ""


def read_state(directory: Path) -> Control:
    """Return what the files in ``directory`` say. Raises OSError where they cannot be read: then nothing is known."""
    control = control_of(directory)
    ended = _ended(control)
    if ended is not None and ended.exit is not None:
        return ended
    claim = _text(control / "claim")
    if claim is None:  # nobody may probe the lock before there is a claim: a wrapper gives up where the lock is taken
        return Control(life=Life.NEW)
    started = _started(claim)
    if _held(control / "lock"):
        return Control(life=Life.RUNNING, claimed=True, started=started)
    ended = _ended(control)  # again: the wrapper writes the exit first and lets go of the lock second
    return ended or Control(life=Life.LOST, claimed=True, started=started, note="no exit was recorded")


def _ended(control: Path) -> Control | None:
    text = _text(control / "exit")
    if text is None:
        return None
    record = parse_exit(text)
    if record is None:
        started = _started(_text(control / "claim") or "")
        return Control(life=Life.LOST, claimed=True, started=started, note="exit record unreadable")
    return Control(life=Life.ENDED, claimed=True, exit=record, started=record.started)


def _held(lock: Path) -> bool:
    try:
        handle = os.open(lock, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _started(claim: str) -> float:
    words = claim.split()
    return float(words[3]) if len(words) > 3 and words[3].isdigit() else 0.0


def _text(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
