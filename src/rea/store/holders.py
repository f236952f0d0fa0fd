"""Who holds a lease: a process, named so that another process of the same machine can tell whether it is still there."""

import os
import socket
from pathlib import Path
from uuid import uuid4

_GONE = ("Z", "X")  # ended, and not yet fetched by its parent


def myself() -> str:
    """Return a name for this process: host, pid, when it was born, which boot and which space of pids they belong to, and what sets it apart."""
    return ":".join((socket.gethostname(), str(os.getpid()), _born(os.getpid()), _here(), uuid4().hex[:8]))


def gone(holder: str) -> bool:
    """Whether a holder is known to have ended. That can be known of this boot and space of pids only; a pid alone is no identity."""
    words = holder.split(":")
    if len(words) != 5 or not words[1].isdigit() or not _here() or words[3] != _here():
        return False
    return _born(int(words[1])) != words[2]


def _here() -> str:
    """Return the boot and the space of pids of this process, "" where the system does not say."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}.{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _born(pid: int) -> str:
    """Return when a process began (ticks since the boot), "" where there is none that lives."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if words[0] in _GONE else words[19]
