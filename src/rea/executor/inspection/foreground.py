"""Running one job under its wrapper, here or on a cluster, while a person waits for it."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from rea.domain.errors import BackendUnreachable
from rea.domain.job import JobStatus, Launch
from rea.executor.contract import Spec, prepare, request_stop
from rea.executor.contract.directory import control_of
from rea.executor.contract.status import status
from rea.ports import JobBackend

QUEUE_S = 600.0  # a person waits this long for a cluster to find room, beside the job's own limit
LOOK_S = 0.5


def run_here(launch: Launch) -> JobStatus:
    """Run a job to its end, within its limits, and return how it ended. Interrupted, it takes the job down with it.

    Raises:
        BackendUnreachable: the wrapper cannot be started.
    """
    directory = Path(launch.directory)
    spec = Spec(
        job=launch.job,
        argv=(*launch.around, *launch.argv),
        cwd=Path(launch.cwd),
        env=launch.environment,
        time_limit_s=launch.time_limit_s,
        silence_limit_s=launch.silence_limit_s,
        memory_mb=launch.memory_mb,
    )
    prepare(directory, spec)
    try:
        _wait(spec, directory)
    except OSError as error:
        raise BackendUnreachable(f"job {launch.job} could not be started: {error}", "see `rea doctor`") from error
    return status(directory, time.time(), 0.0)


def _wait(spec: Spec, directory: Path) -> None:
    null = subprocess.DEVNULL
    argv = spec.command(control_of(directory))
    started = subprocess.Popen(
        argv, cwd="/", env=spec.environment, stdin=null, stdout=null, stderr=null, start_new_session=True
    )
    try:
        started.wait()
    except BaseException:
        request_stop(directory)
        started.wait()
        raise


def run_on(backend: JobBackend, queue_s: float = QUEUE_S) -> Callable[[Launch], JobStatus]:
    """Return what runs a job on ``backend`` to its end. Interrupted, or without room in time, it cancels the job.

    What it returns raises BackendUnreachable where the backend cannot be reached or has no room within ``queue_s``.
    """

    def run(launch: Launch) -> JobStatus:
        backend.submit(launch)
        try:
            return _ended(backend, launch, time.monotonic() + launch.time_limit_s + queue_s)
        except BaseException:
            backend.cancel(launch.job)
            raise

    return run


def _ended(backend: JobBackend, launch: Launch, deadline: float) -> JobStatus:
    while not (told := backend.poll([launch.job])[launch.job]).state.ended:
        if time.monotonic() > deadline:
            raise BackendUnreachable(
                f"job {launch.job} has not ended in time: {told.state} {told.reason}".strip(),
                "look at the cluster's queue, then run `rea check` again",
            )
        time.sleep(LOOK_S)
    return told
