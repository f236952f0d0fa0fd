"""A job run while a person waits keeps its limits, and goes down with that person's patience."""

import signal
import sys
import threading
from pathlib import Path

import pytest
from executor.contract.jobs import alive, running, sweep

from rea.domain.errors import BackendUnreachable
from rea.domain.ids import JobId
from rea.domain.job import JobState, Launch
from rea.executor.backends.local import LocalBackend
from rea.executor.contract.status import status
from rea.executor.inspection.foreground import run_here, run_on


def launch(directory: Path, code: str, time_limit_s: int = 20) -> Launch:
    directory.mkdir()
    return Launch(
        job=JobId("j"),
        directory=str(directory),
        argv=(sys.executable, "-S", "-c", code),
        cwd=str(directory),
        environment=(),
        time_limit_s=time_limit_s,
        silence_limit_s=20,
    )


def test_how_it_ended_is_told(tmp_path: Path) -> None:
    assert run_here(launch(tmp_path / "good", "print('hello')")).state is JobState.SUCCEEDED
    ended = run_here(launch(tmp_path / "bad", "raise SystemExit('broken')"))
    assert ended.state is JobState.FAILED
    assert "broken" in ended.log_tail


def test_its_time_limit_holds(tmp_path: Path) -> None:
    ended = run_here(launch(tmp_path / "long", "import time; time.sleep(60)", time_limit_s=1))
    assert ended.state is JobState.FAILED
    assert "time" in ended.reason


def test_interrupted_it_leaves_nothing_running(tmp_path: Path) -> None:
    asked = launch(tmp_path / "long", "import time; time.sleep(60)")
    found: list[int] = []
    waiting = threading.get_ident()

    def interrupt() -> None:
        found.append(running(tmp_path / "long"))
        signal.pthread_kill(waiting, signal.SIGINT)

    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a background shell starts its children deaf to it
    try:
        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            run_here(asked)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not alive(found[0])
    assert status(tmp_path / "long", 0.0, 0.0).state is JobState.CANCELLED


def test_on_a_backend_how_it_ended_is_told(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    backend = LocalBackend(root=tmp_path / "jobs", grace_s=1)
    assert run_on(backend)(launch(tmp_path / "jobs" / "j", "print('hello')")).log_tail == "hello\n"


def test_what_finds_no_room_in_time_is_cancelled_and_said(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    backend = LocalBackend(root=tmp_path / "jobs", grace_s=1)
    asked = launch(tmp_path / "jobs" / "j", "import time; time.sleep(60)")
    with pytest.raises(BackendUnreachable, match=r"not ended in time: (submitted|running)"):
        run_on(backend, queue_s=-asked.time_limit_s)(asked)
    assert (tmp_path / "jobs" / "j" / "control" / "cancel").exists()
    sweep(tmp_path)
