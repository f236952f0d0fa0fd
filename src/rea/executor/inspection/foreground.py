"""Running one job under its wrapper while a person waits for it."""

import subprocess
import time
from pathlib import Path

from rea.domain.errors import BackendUnreachable
from rea.domain.job import JobStatus, Launch
from rea.executor.contract import Spec, prepare, request_stop
from rea.executor.contract.directory import control_of
from rea.executor.contract.status import status


def run_here(launch: Launch) -> JobStatus:
    """Run a job to its end, within its limits, and return how it ended. Interrupted, it takes the job down with it.

    Raises:
        BackendUnreachable: the wrapper cannot be started.
    """
    directory = Path(launch.directory)
    spec = Spec(
        job=launch.job,
        argv=launch.argv,
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
