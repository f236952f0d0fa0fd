"""The wrapper around a sandboxed job: limits, signals, its lock and what is left behind are as without a sandbox."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rea.domain.ids import JobId
from rea.domain.job import JobState, Launch
from rea.executor.backends.local import LocalBackend
from rea.executor.contract.directory import control_of
from rea.executor.contract.log import tail
from rea.executor.inspection.foreground import run_here
from rea.executor.materialise.cell import Cell, box_of
from rea.executor.materialise.layout import JobPlace
from rea.sandbox import probe

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not probe().works, reason=f"NO SANDBOX, no confined job tried: {probe().why}; {probe().fix}"),
]


def launch(root: Path, script: str, limit_s: int = 30) -> Launch:
    place = JobPlace(root / "j")
    for folder in (place.control, place.tree, place.out, place.scratch):
        folder.mkdir(parents=True)
    return Launch(
        job=JobId("j"),
        directory=str(place.directory),
        argv=("sh", "-c", script),
        cwd=str(place.tree),
        environment=(("PATH", "/usr/bin:/bin"), ("OUT", str(place.out))),
        time_limit_s=limit_s,
        silence_limit_s=30,
        around=box_of(Cell(runtime=()), place, ()).argv(()),
    )


def until(seen: Callable[[], bool], limit_s: float = 30.0) -> None:
    deadline = time.monotonic() + limit_s
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_at_its_limit_a_job_may_put_its_house_in_order(tmp_path: Path) -> None:
    told = launch(tmp_path, "trap 'echo saved >\"$OUT/saved\"; exit 0' TERM; while :; do sleep 0.05; done", 1)
    assert run_here(told).reason == "time_limit"
    assert (tmp_path / "j/out/saved").read_text() == "saved\n"


def test_its_end_is_told_as_it_was(tmp_path: Path) -> None:
    assert run_here(launch(tmp_path / "a", "exit 3")).reason == "exit 3"
    assert run_here(launch(tmp_path / "b", "kill -SEGV $$")).reason == run_here_free(tmp_path / "c", "kill -SEGV $$")
    assert run_here(launch(tmp_path / "d", "echo hello")).state is JobState.SUCCEEDED
    assert tail(tmp_path / "d/j") == "hello\n"


def run_here_free(root: Path, script: str) -> str:
    from dataclasses import replace

    return run_here(replace(launch(root, script), around=())).reason


def test_what_it_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    """Also in a session of its own, where the signal to the job's group does not reach it."""
    script = "setsid sh -c 'while :; do date +%N >\"$OUT/beat\"; sleep 0.02; done' & sleep 0.5"
    run_here(launch(tmp_path, script))
    beat = tmp_path / "j/out/beat"
    last, deadline = beat.read_text(), time.monotonic() + 0.5
    while time.monotonic() < deadline:
        assert beat.read_text() == last


def test_a_job_cannot_let_go_of_the_lock_by_which_it_is_known_to_live(tmp_path: Path) -> None:
    backend = LocalBackend(root=tmp_path)
    script = 'flock -u 9 2>"$OUT/said"; ls /proc/self/fd >"$OUT/fds"; while [ ! -e "$OUT/go" ]; do sleep 0.05; done'
    backend.submit(launch(tmp_path, script))
    until((tmp_path / "j/out/fds").exists)
    assert backend.poll([JobId("j")])[JobId("j")].state is JobState.RUNNING
    assert "9" not in (tmp_path / "j/out/fds").read_text().split()
    (tmp_path / "j/out/go").touch()
    until(lambda: backend.poll([JobId("j")])[JobId("j")].state.ended)


def test_it_outlives_a_killed_wrapper_and_is_known_to_live(tmp_path: Path) -> None:
    backend = LocalBackend(root=tmp_path)
    backend.submit(
        launch(tmp_path, 'touch "$OUT/up"; while [ ! -e "$OUT/go" ]; do sleep 0.05; done; touch "$OUT/done"')
    )
    until((tmp_path / "j/out/up").exists)
    wrapper = int((control_of(tmp_path / "j") / "claim").read_text().split()[0])
    os.kill(wrapper, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{wrapper}").exists())
    assert backend.poll([JobId("j")])[JobId("j")].state is JobState.RUNNING
    (tmp_path / "j/out/go").touch()
    until(lambda: backend.poll([JobId("j")])[JobId("j")].state is JobState.LOST)
    assert (tmp_path / "j/out/done").exists(), "its results may still be judged"


def test_a_cancelled_job_is_gone(tmp_path: Path) -> None:
    backend = LocalBackend(root=tmp_path, grace_s=1)
    backend.submit(
        launch(tmp_path, 'trap "" TERM; touch "$OUT/up"; while :; do sleep 0.05; date +%N >"$OUT/beat"; done')
    )
    until((tmp_path / "j/out/up").exists)
    backend.cancel(JobId("j"))
    until(lambda: backend.poll([JobId("j")])[JobId("j")].state is JobState.CANCELLED)
    last, deadline = (tmp_path / "j/out/beat").read_text(), time.monotonic() + 0.4
    while time.monotonic() < deadline:
        assert (tmp_path / "j/out/beat").read_text() == last
