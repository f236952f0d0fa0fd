"""Jobs as detached processes of this machine."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from executor.contract.jobs import alive, eventually, running, sweep

from rea.domain.errors import BackendUnreachable, IntegrityError
from rea.domain.ids import JobId
from rea.domain.job import JobState, JobStatus, Launch
from rea.executor.backends.local import LocalBackend
from rea.executor.contract.stop import Identity, signal_job

pytestmark = pytest.mark.real

JOB = JobId("9f3a.validation.s1.a0")


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[LocalBackend]:
    yield LocalBackend(root=tmp_path / "jobs", grace_s=1)
    sweep(tmp_path)


def launch(backend: LocalBackend, text: str, job: str = JOB) -> Launch:
    return Launch(
        job=JobId(job),
        directory=str(backend.root / job),
        argv=("/bin/sh", "-c", text),
        cwd="/",
        environment=(("PATH", "/usr/bin:/bin"),),
        time_limit_s=60,
        silence_limit_s=60,
    )


def look(backend: LocalBackend, job: JobId = JOB) -> JobStatus:
    return backend.poll([job])[job]


def settled(backend: LocalBackend, job: JobId = JOB) -> JobStatus:
    assert eventually(lambda: look(backend, job).state.ended), look(backend, job)
    return look(backend, job)


def test_submitting_twice_is_submitting_once(backend: LocalBackend) -> None:
    told = launch(backend, "echo ran; exit 4")
    assert look(backend).state is JobState.RESERVED
    assert backend.submit(told) == backend.submit(told) == told.directory
    status = settled(backend)
    backend.submit(told)
    assert (status.state, status.reason, status.log_tail) == (JobState.FAILED, "exit 4", "ran\n")
    assert backend.logs(JOB) == "ran\n"


def test_a_job_is_nobodys_child(backend: LocalBackend) -> None:
    """The launching process may end, be killed, or lose its terminal: the job goes on."""
    told = launch(backend, "sleep 321")
    backend.submit(told)
    leader = running(Path(told.directory))
    children = subprocess.run(["ps", "--no-headers", "--ppid", str(os.getpid()), "-o", "args"], capture_output=True)
    assert b"wrapper.sh" not in children.stdout
    assert os.getsid(leader) == os.getpgid(leader) == leader
    assert look(backend).state is JobState.RUNNING
    backend.cancel(JOB)
    assert settled(backend).state is JobState.CANCELLED


def test_many_are_polled_in_one_pass(backend: LocalBackend) -> None:
    ends = {JobId(f"j{code}"): code for code in range(4)}
    for job, code in ends.items():
        backend.submit(launch(backend, f"exit {code}", job))
    for job, code in ends.items():
        assert settled(backend, job).reason == f"exit {code}"
    assert {status.state for status in backend.poll(list(ends)).values()} == {JobState.SUCCEEDED, JobState.FAILED}


def test_a_changed_job_under_an_old_name_is_refused(backend: LocalBackend) -> None:
    backend.submit(launch(backend, "exit 0"))
    with pytest.raises(IntegrityError, match="prepared with another command"):
        backend.submit(launch(backend, "exit 1"))
    with pytest.raises(IntegrityError, match="not in"):
        backend.submit(replace(launch(backend, "exit 0"), directory="/elsewhere"))


def test_a_launch_that_never_claims_is_new_again(backend: LocalBackend, tmp_path: Path) -> None:
    deaf = tmp_path / "deaf.sh"
    deaf.write_text("exit 0\n")
    told = launch(backend, "echo ran")
    replace(backend, wrapper=deaf).submit(told)
    assert look(backend).state is JobState.SUBMITTED
    assert look(replace(backend, now=lambda: time.time() + 31)).state is JobState.RESERVED
    backend.submit(told)
    assert settled(backend).state is JobState.SUCCEEDED


def test_cancel_ends_a_running_job_and_says_so(backend: LocalBackend) -> None:
    told = launch(backend, "sleep 321")
    backend.submit(told)
    running(Path(told.directory))
    backend.cancel(JOB)
    backend.cancel(JOB)
    status = settled(backend)
    assert (status.state, status.reason) == (JobState.CANCELLED, "cancelled")


def test_cancel_ends_a_deaf_job(backend: LocalBackend) -> None:
    told = launch(backend, "trap '' TERM; echo deaf; while true; do sleep 60 & wait; done")
    backend.submit(told)
    leader = running(Path(told.directory))
    assert eventually(lambda: look(backend).log_tail == "deaf\n")
    backend.cancel(JOB)
    assert settled(backend).state is JobState.CANCELLED
    assert not alive(leader)


def test_cancelled_before_it_claimed_never_runs(backend: LocalBackend, tmp_path: Path) -> None:
    deaf = tmp_path / "deaf.sh"
    deaf.write_text("exit 0\n")
    told = launch(backend, "echo ran")
    replace(backend, wrapper=deaf).submit(told)
    backend.cancel(JOB)
    backend.submit(told)
    assert look(backend).state is JobState.CANCELLED
    assert backend.logs(JOB) == ""
    backend.cancel(JobId("never-heard-of"))


def test_cancel_leaves_an_ended_job_alone(backend: LocalBackend) -> None:
    backend.submit(launch(backend, "exit 0"))
    before = settled(backend)
    backend.cancel(JOB)
    assert look(backend) == before


@pytest.fixture
def stranger() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["sleep", "322"], start_new_session=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("field", ["start", "boot"])
def test_a_reused_number_is_never_signalled(
    backend: LocalBackend, stranger: "subprocess.Popen[bytes]", field: str
) -> None:
    """After a reboot or a wrap-around the recorded number may belong to a stranger."""
    told = launch(backend, "sleep 321")
    backend.submit(told)
    identity = Path(told.directory) / "control" / "job"
    leader = running(Path(told.directory))
    pid, start, boot = identity.read_text().split()
    changed = {"start": f"{stranger.pid} {int(start) - 500} {boot}", "boot": f"{pid} {start} 0000-0000"}[field]
    identity.write_text(changed)
    assert look(backend).state is JobState.RUNNING
    assert not signal_job(identity.parent, signal.SIGKILL)
    assert stranger.poll() is None
    assert alive(leader)
    identity.write_text(f"{pid} {start} {boot}")
    assert signal_job(identity.parent, signal.SIGKILL)
    assert settled(backend).reason == "signal 9"


def test_without_the_identity_a_stranger_would_be_hit(
    tmp_path: Path, stranger: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Identity, "alive", True)
    (tmp_path / "job").write_text(f"{stranger.pid} 1 0000-0000")
    assert signal_job(tmp_path, signal.SIGKILL)
    assert stranger.wait() == -signal.SIGKILL


def test_a_job_lost_with_its_wrapper_is_not_failed(backend: LocalBackend) -> None:
    told = launch(backend, "sleep 321")
    backend.submit(told)
    leader = running(Path(told.directory))
    wrapper = int((Path(told.directory) / "control" / "claim").read_text().split()[0])
    os.kill(wrapper, signal.SIGKILL)
    assert eventually(lambda: not alive(wrapper))
    assert look(backend).state is JobState.RUNNING
    os.killpg(leader, signal.SIGKILL)
    status = settled(backend)
    assert (status.state, status.reason) == (JobState.LOST, "no exit was recorded")


def test_no_process_no_loss(backend: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "run", refuse)
    with pytest.raises(BackendUnreachable, match="could not be started"):
        backend.submit(launch(backend, "exit 0"))
    monkeypatch.undo()
    backend.submit(launch(backend, "exit 0"))
    assert settled(backend).state is JobState.SUCCEEDED


def test_forty_submitters_killed_at_random_run_each_job_once(backend: LocalBackend) -> None:
    """Whatever instant the launching process dies at, submitting again completes the job, and none runs twice."""
    code = (
        "import sys; from pathlib import Path; from rea.executor.backends.local import LocalBackend\n"
        "from rea.domain.job import Launch; from rea.domain.ids import JobId; b = LocalBackend(root=Path(sys.argv[1]))\n"
        "print(flush=True)\n"
        "for i in range(40): b.submit(Launch(job=JobId(f'j{i}'), directory=f'{sys.argv[1]}/j{i}',"
        " argv=('/bin/sh', '-c', 'echo ran'), cwd='/', environment=(), time_limit_s=60, silence_limit_s=60))\n"
    )
    for patience in (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 20.0):
        submitter = subprocess.Popen([sys.executable, "-c", code, str(backend.root)], stdout=subprocess.PIPE)
        assert submitter.stdout
        submitter.stdout.readline()
        try:
            submitter.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            submitter.kill()
        submitter.communicate()
    assert submitter.returncode == 0
    jobs = [JobId(f"j{number}") for number in range(40)]
    assert eventually(lambda: all(status.state.ended for status in backend.poll(jobs).values()))
    assert [(status.state, status.log_tail) for status in backend.poll(jobs).values()] == [
        (JobState.SUCCEEDED, "ran\n")
    ] * 40
