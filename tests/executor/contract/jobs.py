"""Real jobs in a temporary directory, for tests of whatever runs them."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rea.executor.contract import Control, Life, Spec, prepare, read_state
from rea.executor.contract.spec import WRAPPER
from rea.executor.contract.stop import signal_job


def eventually(what: Callable[[], bool], within: float = 20.0) -> bool:
    """Wait until ``what()`` holds; False if it did not in time."""
    deadline = time.monotonic() + within
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", code)


def launch(directory: Path, spec: Spec, wrapper: Path = WRAPPER) -> "subprocess.Popen[bytes]":
    prepare(directory, spec)
    return start(directory, spec, wrapper)


def start(directory: Path, spec: Spec, wrapper: Path = WRAPPER) -> "subprocess.Popen[bytes]":
    with (directory / "control" / "wrapper.log").open("ab") as errors:
        return subprocess.Popen(
            spec.command(directory / "control", wrapper),
            cwd="/",
            env=spec.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )


def finish(directory: Path, within: float = 20.0) -> Control:
    assert eventually(lambda: read_state(directory).life in (Life.ENDED, Life.LOST), within), read_state(directory)
    return read_state(directory)


def running(directory: Path) -> int:
    """Wait until the job runs in its own group, and return its process number."""
    job = directory / "control" / "job"
    assert eventually(lambda: job.exists() and len(job.read_text().split()) == 3)
    pid = int(job.read_text().split()[0])
    assert eventually(lambda: not alive(pid) or os.getpgid(pid) == pid)
    return pid


def alive(pid: int) -> bool:
    """Whether the process exists and is more than a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def processes_of(directory: Path) -> Iterator[int]:
    """Yield the wrapper's processes: those whose command line names this job's control directory, and their sleeps."""
    wrappers = {pid for pid in _numbers() if str(directory / "control").encode() in _read(pid, "cmdline").split(b"\0")}
    yield from wrappers
    for pid in _numbers():
        if _read(pid, "comm") == b"sleep\n" and _parent(pid) in wrappers:
            yield pid


def opened(pid: int) -> set[str]:
    """Return the files that a process holds open: none when it has ended."""
    found: set[str] = set()
    try:
        entries = list(Path(f"/proc/{pid}/fd").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return found
    for entry in entries:
        try:
            found.add(str(entry.readlink()))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def delete(directory: Path) -> None:
    """Delete a directory whose job still runs: it may write anew between the emptying and the removing."""

    def gone() -> bool:
        shutil.rmtree(directory, ignore_errors=True)
        return not directory.exists()

    assert eventually(gone), f"{directory} is still there"


def sweep(directory: Path) -> None:
    """End whatever a test left behind under ``directory``."""
    for job in directory.rglob("control/job"):
        signal_job(job.parent, signal.SIGKILL)
    for pid in _numbers():
        if str(directory).encode() in _read(pid, "cmdline") and pid != os.getpid():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def _numbers() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _parent(pid: int) -> int:
    words = _read(pid, "stat").decode(errors="replace").rpartition(")")[2].split()
    return int(words[1]) if len(words) > 1 else 0
