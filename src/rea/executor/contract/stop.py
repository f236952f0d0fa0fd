"""Ending a job from outside, without ever signalling a stranger."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from rea.executor.contract.control import Life, read_state
from rea.executor.contract.directory import control_of, sync_directory, write_durably
from rea.executor.contract.exit import Exit, render_exit

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that no other can be mistaken for: number, start in clock ticks since boot, and which boot."""

    pid: int
    start: str
    boot: str

    @property
    def alive(self) -> bool:
        """Whether this very process exists now."""
        return self.pid > 1 and self.boot == _BOOT_ID.read_text().strip() and self.start == _start_of(self.pid)


def request_stop(directory: Path, grace_s: float = 10.0) -> None:
    """Ask the job to end: TERM now; KILL by its watcher after the grace, or by asking again once it is over.

    A job that nobody has claimed is claimed here, so it will never run. Repeating is safe; an ended job is left alone.
    """
    control = control_of(directory)
    asked = _ask(control / "cancel")
    if _claim(control):
        now = time.time()
        record = Exit(code=0, signal=None, reason="cancelled", started=now, ended=now, seconds=0.0)
        write_durably(control / "exit", render_exit(record) + "\n")
    elif read_state(directory).life is Life.RUNNING:
        signal_job(control, signal.SIGKILL if time.time() - asked > grace_s else signal.SIGTERM)


def signal_job(control: Path, number: signal.Signals) -> bool:
    """Send ``number`` to the job's group if its leader is the very process once started; return whether it was sent."""
    leader = _identity(control / "job")
    if leader is None or not leader.alive:
        return False
    try:
        os.killpg(leader.pid, number)
    except ProcessLookupError:  # between its start and its own session, or just gone: the watcher sees the request
        return False
    return True


def _ask(cancel: Path) -> float:
    try:
        os.close(os.open(cancel, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        sync_directory(cancel.parent)
    except FileExistsError:
        pass
    return cancel.stat().st_mtime


def _claim(control: Path) -> bool:
    try:
        os.close(os.open(control / "claim", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    return True


def _identity(path: Path) -> Identity | None:
    try:
        pid, start, boot = path.read_text().split()
        return Identity(int(pid), start, boot)
    except (FileNotFoundError, ValueError):
        return None


def _start_of(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return None
