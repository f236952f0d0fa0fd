"""A job whose files move while it is looked at: what they say in the end holds, and one look is one look."""

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from rea.domain.job import JobState, JobStatus
from rea.executor.backends import reading
from rea.executor.backends.ray.client import Entry as RayEntry
from rea.executor.backends.ray.reading import by_ray
from rea.executor.backends.reading import Look, by_both, by_files, forgotten
from rea.executor.backends.slurm.client import Entry
from rea.executor.backends.slurm.reading import by_slurm
from rea.executor.contract import Exit, Spec, control, prepare
from rea.executor.contract.exit import render_exit
from rea.executor.contract.status import status

NOW, GRACE_S = 2e9, 30.0  # long after anything in these directories
WELL = Exit(code=0, signal=None, reason="exited", started=100, ended=103, seconds=3.0)
CLAIM = "17 4711 boot 100\n"
ANSWERS = {
    "slurm completed": lambda look: by_slurm(look, Entry("1", "COMPLETED", "j")),
    "slurm failed": lambda look: by_slurm(look, Entry("1", "FAILED", "j", code="1:0")),
    "slurm never heard of it": lambda look: forgotten(look, "Slurm"),
    "ray succeeded": lambda look: by_ray(look, RayEntry(submission_id="j", status="SUCCEEDED")),
    "ray failed": lambda look: by_ray(look, RayEntry(submission_id="j", status="FAILED", driver_exit_code=1)),
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    prepare(tmp_path / "j", Spec(job="j", argv=("true",), cwd=Path("/")))
    put(tmp_path / "j", submitted="1 j\n")
    return tmp_path / "j"


def put(place: Path, **files: str) -> None:
    for name, text in files.items():
        (place / "control" / name).write_text(text)


@pytest.mark.parametrize("planted", [False, True], ids=["one look", "planted"])
def test_a_lock_that_is_let_go_while_its_job_is_looked_at_ends_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch, planted: bool
) -> None:
    """A preempted job lets go of it too, and Slurm starts that one again: only the scheduler may say that it is over."""
    put(place, claim=CLAIM)
    lock = (place / "control" / "lock").open("a")
    fcntl.flock(lock, fcntl.LOCK_EX)
    real = control._held

    def then_let_go(path: Path) -> bool:
        held = real(path)
        lock.close()
        return held

    monkeypatch.setattr(control, "_held", then_let_go)
    if planted:  # the files are read a second time for the words
        monkeypatch.setattr(reading, "status_of", lambda place, _, now, grace_s: status(place, now, grace_s))
    found = by_files(place, NOW, GRACE_S)
    assert isinstance(found, JobStatus)
    assert found.state is (JobState.LOST if planted else JobState.RUNNING)
    assert isinstance(by_files(place, NOW, GRACE_S), Look)  # and the next look leaves it to the scheduler


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_job_that_began_and_ended_while_its_scheduler_was_asked_ended_as_its_files_say(
    place: Path, answer: Callable[[Look], JobStatus]
) -> None:
    """It had waited for long when its files were read, and Slurm took a minute to answer."""
    before = by_files(place, NOW, GRACE_S)
    assert isinstance(before, Look)
    put(place, claim=CLAIM, exit=render_exit(WELL))
    told = by_both(before, answer, NOW, GRACE_S)
    assert (told.state, told.reason, told.seconds) == (JobState.SUCCEEDED, "exit 0", 3.0)
    planted = answer(before)  # the answer alone: a training that succeeded would be run again, or taken for a failure
    assert planted.state in (JobState.LOST, JobState.FAILED, JobState.RESERVED)


def test_a_job_that_was_claimed_meanwhile_is_not_new(place: Path) -> None:
    before = by_files(place, NOW, GRACE_S)
    assert isinstance(before, Look)
    put(place, claim=CLAIM)
    told = by_both(before, ANSWERS["slurm never heard of it"], NOW, GRACE_S)
    assert (told.state, told.reason) == (JobState.LOST, "no exit was recorded, and Slurm does not list it")
