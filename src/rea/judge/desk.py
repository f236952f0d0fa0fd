"""The judge's process, seen from the one who asks: it is started for the first request, and ends with whoever asks, however that ends."""

import os
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path
from threading import Event, Timer
from typing import IO

import rea
from rea.domain.errors import ReaError

_AGAIN = "nothing is lost: ask again"


class Desk:
    """Where requests are laid. One process answers them all: a wake asks twice after nearly every job, and starting takes longest."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None

    def ask(self, request: bytes, timeout_s: float) -> bytes:
        """Return the answer to one request, a line each.

        Raises:
            ReaError: the process ended without an answer, or gave none within ``timeout_s``.

        The next request then starts another process, as it does where this one was interrupted: what that would still say answers nothing else.
        """
        process, self._process = self._process or self._start(), None
        answer, overdue = _exchange(process, request, timeout_s)
        if answer.endswith(b"\n"):
            self._process = process
            return answer
        code = process.wait()
        if overdue:
            raise ReaError(f"the judge did not answer within {timeout_s:g} s", _AGAIN)
        raise ReaError(f"the judge ended with {code} and no answer: {self._said()}", _AGAIN)

    def _start(self) -> "subprocess.Popen[bytes]":
        argv, pipe = [sys.executable, "-P", "-m", "rea.judge"], subprocess.PIPE
        self._errors = tempfile.TemporaryFile(prefix="rea-judge-")  # noqa: SIM115 - a pipe would fill up, and nobody reads it meanwhile
        process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=self._errors, env=environment(), cwd="/")
        weakref.finalize(self, _end, process)
        return process

    def _said(self) -> str:
        assert self._errors is not None
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace").strip()[-800:]


def _exchange(process: "subprocess.Popen[bytes]", request: bytes, timeout_s: float) -> tuple[bytes, bool]:
    """Return the answer, "" or a part of one where the process ended, and whether that was because it took too long."""
    overdue = Event()

    def expire() -> None:
        overdue.set()
        process.kill()

    timer = Timer(timeout_s, expire)
    timer.start()
    try:
        return _told(process, request), overdue.is_set()
    finally:
        timer.cancel()


def _told(process: "subprocess.Popen[bytes]", request: bytes) -> bytes:
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(request + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        return b""  # it has ended: its errors say why
    return process.stdout.readline()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Close the pipe, which ends the process, and wait for that."""
    try:
        process.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def environment() -> dict[str, str]:
    """Nothing of ours but this installation of the program; one thread, for the same sums every time."""
    ours = str(Path(rea.__file__).parents[1])
    fixed = {
        "PYTHONPATH": ours,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "LC_ALL": "C.UTF-8",
    }
    return fixed | {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
