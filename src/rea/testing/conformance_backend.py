"""What every ``JobBackend`` must do. Subclass ``BackendConformance`` in a test, give it a ``rig`` fixture, and run it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from rea.domain.errors import BackendUnreachable
from rea.domain.ids import JobId
from rea.domain.job import JobState, JobStatus, Launch
from rea.ports import JobBackend

LONG_S = 300.0  # of work that no test waits for
STARTS = "starts"  # in the job's directory: a line for every time that its work really began


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a job of a test does: says ``says``, takes ``seconds`` and ends with ``code``."""

    seconds: float = 0.0
    code: int = 0
    says: str = "ran"
    time_limit_s: int = 60


class Rig(Protocol):
    """One place where jobs run, as a test sees it. ``reachable`` False cuts the backend off from what runs its jobs."""

    def backend(self) -> JobBackend:
        """Return a new backend on the same place, as the next wake has it."""
        ...

    def launch(self, name: str, work: Work) -> Launch: ...
    def starts(self, job: JobId) -> int:
        """Return how often the work of a job really began, by marks of its own."""
        ...

    def until(self, holds: Callable[[], bool]) -> bool:
        """Let time pass until ``holds()``; False where it does not in reasonable time."""
        ...

    def reachable(self, yes: bool) -> bool:
        """Cut the backend off or connect it again; False where nothing stands between it and its jobs."""
        ...


def real_launch(root: Path, name: str, work: Work) -> Launch:
    """Return ``work`` as a process with a directory under ``root``, for rigs whose jobs are real."""
    place = root / name
    text = 'echo began >>"$1"; echo "$2"; sleep "$3"; exit "$4"'
    words = (str(place / STARTS), work.says, str(work.seconds), str(work.code))
    return Launch(
        job=JobId(name),
        directory=str(place),
        argv=("/bin/sh", "-c", text, "sh", *words),
        cwd="/",
        environment=(("PATH", "/usr/bin:/bin"),),
        time_limit_s=work.time_limit_s,
        silence_limit_s=0,
    )


def real_starts(root: Path, job: JobId) -> int:
    """Return how often a job of ``real_launch`` began."""
    marks = root / job / STARTS
    return len(marks.read_text().splitlines()) if marks.exists() else 0


def real_until(holds: Callable[[], bool], within_s: float = 60.0) -> bool:
    """Look again and again until ``holds()``, at most ``within_s`` seconds."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def look(rig: Rig, job: JobId) -> JobStatus:
    """Return what a new backend says of one job."""
    return rig.backend().poll([job])[job]


def settled(rig: Rig, job: JobId) -> JobStatus:
    """Return the status that a job ended with."""
    assert rig.until(lambda: look(rig, job).state.ended), look(rig, job)
    return look(rig, job)


def under_way(rig: Rig, launch: Launch) -> None:
    """Submit a job and wait until it runs."""
    rig.backend().submit(launch)
    assert rig.until(lambda: look(rig, launch.job).state is JobState.RUNNING and rig.starts(launch.job) == 1)


class BackendConformance:
    """The laws of a place where jobs run. The fixture ``rig`` is one with no job in it."""

    def test_what_was_never_submitted_is_only_reserved(self, rig: Rig) -> None:
        assert look(rig, JobId("j0")).state is JobState.RESERVED

    def test_asking_about_nothing_answers_nothing(self, rig: Rig) -> None:
        assert dict(rig.backend().poll([])) == {}

    def test_a_job_runs_once_and_its_end_is_told(self, rig: Rig) -> None:
        told = rig.launch("j0", Work(says="hello"))
        assert rig.backend().submit(told)
        status = settled(rig, told.job)
        assert (status.state, status.reason, status.log_tail.strip()) == (JobState.SUCCEEDED, "exit 0", "hello")
        assert rig.starts(told.job) == 1

    def test_a_failure_is_told_by_its_exit(self, rig: Rig) -> None:
        told = rig.launch("j0", Work(code=3))
        rig.backend().submit(told)
        status = settled(rig, told.job)
        assert (status.state, status.reason) == (JobState.FAILED, "exit 3")

    def test_submitting_again_at_any_time_starts_nothing(self, rig: Rig) -> None:
        told = rig.launch("j0", Work(seconds=1))
        rig.backend().submit(told)
        rig.backend().submit(told)
        assert rig.until(lambda: rig.starts(told.job) == 1)
        rig.backend().submit(told)
        before = settled(rig, told.job)
        rig.backend().submit(told)
        assert look(rig, told.job) == before
        assert rig.starts(told.job) == 1

    def test_all_jobs_are_answered_in_one_poll(self, rig: Rig) -> None:
        codes = {JobId(f"j{code}"): code for code in range(4)}
        for job, code in codes.items():
            rig.backend().submit(rig.launch(job, Work(code=code)))
        asked: Sequence[JobId] = (*codes, JobId("never"))
        assert rig.until(lambda: all(rig.backend().poll(asked)[job].state.ended for job in codes))
        answers = rig.backend().poll(asked)
        assert set(answers) == set(asked)
        assert {job: answers[job].reason for job in codes} == {job: f"exit {code}" for job, code in codes.items()}
        assert answers[JobId("never")].state is JobState.RESERVED

    def test_the_time_limit_ends_a_job_with_nobody_awake(self, rig: Rig) -> None:
        told = rig.launch("j0", Work(seconds=LONG_S, time_limit_s=2))
        under_way(rig, told)
        status = settled(rig, told.job)
        assert (status.state, status.reason) == (JobState.FAILED, "time_limit")
        assert 1 <= status.seconds < LONG_S

    def test_a_running_job_is_cancelled_once_and_for_all(self, rig: Rig) -> None:
        told = rig.launch("j0", Work(seconds=LONG_S))
        under_way(rig, told)
        rig.backend().cancel(told.job)
        rig.backend().cancel(told.job)
        assert settled(rig, told.job).state is JobState.CANCELLED
        rig.backend().submit(told)
        assert look(rig, told.job).state is JobState.CANCELLED
        assert rig.starts(told.job) == 1

    def test_cancelling_what_has_ended_changes_nothing(self, rig: Rig) -> None:
        told = rig.launch("j0", Work())
        rig.backend().submit(told)
        before = settled(rig, told.job)
        rig.backend().cancel(told.job)
        assert look(rig, told.job) == before
        rig.backend().cancel(JobId("never-heard-of"))

    def test_out_of_reach_is_unknown_and_nothing_is_lost_or_started_twice(self, rig: Rig) -> None:
        """An outage is no failure: whatever is asked meanwhile, every job goes on, and none begins a second time."""
        told, more = rig.launch("j0", Work(seconds=3)), rig.launch("j1", Work())
        under_way(rig, told)
        if not rig.reachable(False):
            pytest.skip("nothing stands between this backend and its jobs")
        during = rig.backend().poll([told.job, more.job])
        with pytest.raises(BackendUnreachable):
            rig.backend().submit(more)
        rig.reachable(True)
        assert during[told.job].state in (JobState.UNKNOWN, JobState.RUNNING)
        assert during[more.job].state in (JobState.UNKNOWN, JobState.RESERVED)
        rig.backend().submit(more)
        rig.backend().submit(told)
        assert {settled(rig, job).state for job in (told.job, more.job)} == {JobState.SUCCEEDED}
        assert [rig.starts(told.job), rig.starts(more.job)] == [1, 1]
