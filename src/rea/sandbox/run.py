"""Running a command in a sandbox while we wait: bounded in time, in processes and in what we keep of its output."""

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rea.domain.errors import WorkloadError
from rea.sandbox.box import Box
from rea.sandbox.probe import probe

KEPT_BYTES = 64 * 1024  # of the end of its output
_CHUNK = 64 * 1024
_CONTROLLERS = ("/sys/fs/cgroup", "/sys/fs/cgroup/pids")  # version 2, version 1
_JOIN = 'echo $$ >"$1/cgroup.procs" || exit 126; shift; exec "$@"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How it ended: ``code`` as a shell tells it, the end of what it said, whether its time ran out, its seconds."""

    code: int
    said: str
    timed_out: bool
    seconds: float

    @property
    def well(self) -> bool:
        return self.code == 0 and not self.timed_out


def run(
    box: Box,
    command: Sequence[str],
    environment: Mapping[str, str],
    limit_s: float,
    given: bytes = b"",
    groups: bool = True,
) -> Done:
    """Run ``command`` in ``box`` with exactly ``environment``; nothing of it is left when this returns.

    ``groups`` also bounds root's processes, where this machine lets us. Raises WorkloadError where there is no working
    sandbox: what nobody has vouched for never runs without one.
    """
    found = probe()
    if not found.works:
        raise WorkloadError(f"there is no sandbox: {found.why}", found.fix)
    began = time.monotonic()
    with _bounded(box.processes if groups else 0) as joined, tempfile.TemporaryFile() as said_to_it:
        said_to_it.write(given)
        said_to_it.seek(0)
        process = subprocess.Popen(
            (*joined, *box.argv(command)),
            *(-1, None, said_to_it, subprocess.PIPE, subprocess.STDOUT),
            env=dict(environment),
            cwd="/",
            start_new_session=True,
        )
        timed_out, said = _followed(process, limit_s)
    code = process.returncode
    return Done(
        code=code if code >= 0 else 128 - code, said=said, timed_out=timed_out, seconds=time.monotonic() - began
    )


def _followed(process: "subprocess.Popen[bytes]", limit_s: float) -> tuple[bool, str]:
    assert process.stdout is not None
    kept = bytearray()
    reader = threading.Thread(target=_drain, args=(process.stdout, kept), daemon=True)
    reader.start()
    timed_out = False
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what is inside dies with the first process of the sandbox
        process.wait()
    reader.join(5.0)
    return timed_out, bytes(kept).decode(errors="replace")


def _drain(stream: IO[bytes], kept: bytearray) -> None:
    while chunk := stream.read1(_CHUNK):  # type: ignore[attr-defined]
        kept += chunk
        del kept[:-KEPT_BYTES]


@contextmanager
def _bounded(processes: int) -> Iterator[tuple[str, ...]]:
    """Yield the words that start a command inside a group of at most so many processes; none where that cannot be made.

    Ordinary users are bounded by a resource limit already, which the kernel does not apply to root.
    """
    group = _group(processes) if processes and os.geteuid() == 0 else None
    if group is None:
        yield ()
        return
    try:
        yield ("/bin/sh", "-c", _JOIN, "sh", str(group))
    finally:
        _emptied(group)


def _group(processes: int) -> Path | None:
    for root in map(Path, _CONTROLLERS):
        if not (root / "cgroup.procs").exists():
            continue
        try:
            made = Path(tempfile.mkdtemp(prefix="rea-", dir=root))
            (made / "pids.max").write_text(str(processes))
        except OSError:
            with suppress(OSError, UnboundLocalError):
                made.rmdir()
            continue
        return made
    return None


def _emptied(group: Path) -> None:
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        try:
            group.rmdir()
            return
        except OSError:  # the last of them are on their way out
            with suppress(OSError, ValueError):
                for pid in (group / "cgroup.procs").read_text().split():
                    os.kill(int(pid), signal.SIGKILL)
            time.sleep(0.01)
