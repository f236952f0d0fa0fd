"""Jobs as detached processes: each under its own wrapper, none a child of ours."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rea.domain.errors import BackendUnreachable, IntegrityError
from rea.domain.ids import JobId
from rea.domain.job import JobStatus, Launch
from rea.executor.contract.control import Life, read_state
from rea.executor.contract.directory import control_of, prepare
from rea.executor.contract.log import TAIL_BYTES, tail
from rea.executor.contract.spec import WRAPPER, Spec
from rea.executor.contract.status import status
from rea.executor.contract.stop import request_stop


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalBackend:
    """Runs jobs on this machine; ``root`` holds their directories, ``wake`` is executed when a job has ended.

    ``claim_grace_s`` is how long a launched job may take to claim before it counts as never launched; should it claim
    later after all, it is still the only one that runs.
    """

    root: Path
    wake: tuple[str, ...] = ()
    grace_s: int = 10
    claim_grace_s: float = 30.0
    wrapper: Path = WRAPPER
    now: Callable[[], float] = time.time

    def submit(self, launch: Launch) -> str:
        """Launch the job unless it was launched before, and return its directory. Returns at once.

        Raises:
            IntegrityError: the job was prepared with another command.
            BackendUnreachable: no process could be started; the job stays new.
        """
        directory = self._place(launch)
        spec = self._spec(launch)
        prepare(directory, spec)
        control = control_of(directory)
        if read_state(directory).life is Life.NEW and not (control / "cancel").exists():
            (control / "submitted").touch()
            self._detach(spec, control)
        return str(directory)

    def poll(self, jobs: Sequence[JobId]) -> Mapping[JobId, JobStatus]:
        """Return the status of every job asked for, in one pass over their directories."""
        now = self.now()
        return {job: status(self.root / job, now, self.claim_grace_s) for job in jobs}

    def cancel(self, job: JobId) -> None:
        """Ask the job to end, or never to start; safe to repeat, and repeating after the grace sends KILL."""
        if control_of(self.root / job).is_dir():
            request_stop(self.root / job, self.grace_s)

    def logs(self, job: JobId, limit: int = TAIL_BYTES) -> str:
        """Return the last ``limit`` bytes of the job's log as plain text."""
        return tail(self.root / job, limit)

    def _place(self, launch: Launch) -> Path:
        directory = self.root / launch.job
        if Path(launch.directory) != directory:
            raise IntegrityError(
                f"job {launch.job} is to run in {launch.directory}, not in {directory}", "run `rea doctor`"
            )
        return directory

    def _spec(self, launch: Launch) -> Spec:
        return Spec(
            job=launch.job,
            argv=(*launch.around, *launch.argv),
            cwd=Path(launch.cwd),
            env=launch.environment,
            time_limit_s=launch.time_limit_s or None,
            silence_limit_s=launch.silence_limit_s or None,
            memory_mb=launch.memory_mb or None,
            grace_s=self.grace_s,
            wake=self.wake,
        )

    def _detach(self, spec: Spec, control: Path) -> None:
        """Start the wrapper through a short-lived parent, so that it is nobody's child and leaves no zombie."""
        argv = ("/usr/bin/setsid", "--fork", *spec.command(control, self.wrapper))
        with (control / "wrapper.log").open("ab") as errors:
            try:
                null = subprocess.DEVNULL
                subprocess.run(argv, cwd="/", env=spec.environment, stdin=null, stdout=null, stderr=errors, check=True)
            except (OSError, subprocess.CalledProcessError) as error:
                raise BackendUnreachable(f"job {spec.job} could not be started: {error}", "see `rea doctor`") from error
