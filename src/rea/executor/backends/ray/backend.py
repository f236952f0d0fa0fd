"""Jobs on a Ray cluster: the same job directory and wrapper as everywhere, on a file system that the nodes share.

What the files of a job say comes first; Ray is asked only where they leave it open. The submission id is our key. The job
table of a head that was restarted is empty, so that Ray does not know a job says nothing of whether it ran: its claim does.
A head that cannot be reached makes a job UNKNOWN.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rea.domain.errors import BackendUnreachable, IntegrityError
from rea.domain.ids import JobId
from rea.domain.job import KILL_GRACE_S, JobStatus, Launch
from rea.executor.backends.ray.client import Client, Entry
from rea.executor.backends.ray.options import Options
from rea.executor.backends.ray.reading import by_ray, unknown
from rea.executor.backends.ray.script import entrypoint
from rea.executor.backends.ray.states import OVER
from rea.executor.backends.reading import Look, by_both, by_files, forgotten
from rea.executor.backends.stray import key_of
from rea.executor.contract.control import Life, read_state
from rea.executor.contract.directory import control_of, prepare, write_durably
from rea.executor.contract.log import TAIL_BYTES, tail
from rea.executor.contract.spec import WRAPPER, Spec
from rea.executor.contract.status import modified
from rea.executor.contract.stop import request_stop

WATCH_S = 5  # how often a job's watcher looks for a request to stop
_WAKE = ("/usr/bin/setsid", "--fork")  # the job's place on the cluster is free before the wake has done its work


@dataclass(frozen=True, slots=True, kw_only=True)
class RayBackend:
    """Runs jobs on the cluster of ``client``; ``root`` holds their directories, ``wake`` is executed where a job has ended.

    ``claim_grace_s``: how long Ray and the file system may take to show what has happened already.
    """

    root: Path
    client: Client = field(default_factory=Client)
    options: Options = field(default_factory=Options)
    wake: tuple[str, ...] = ()
    grace_s: int = KILL_GRACE_S
    claim_grace_s: float = 30.0
    wrapper: Path = WRAPPER
    now: Callable[[], float] = time.time

    def submit(self, launch: Launch) -> str:
        """Hand the job to Ray unless it has it already, and return the submission id it goes by there.

        Raises:
            IntegrityError: the job was prepared with another command.
            BackendUnreachable: the head cannot be asked, or refuses the job; the job stays new.
        """
        directory, spec = self._place(launch), self._spec(launch)
        prepare(directory, spec)
        control, key = control_of(directory), self.key(launch.job)
        if read_state(directory).life is Life.NEW and not (control / "cancel").exists():
            if not self._has(key):
                self._hand_over(launch, spec, key)
            write_durably(control / "submitted", f"{key}\n")
        return key

    def poll(self, jobs: Sequence[JobId]) -> Mapping[JobId, JobStatus]:
        """Return the status of every job asked for; the head is asked for those that their files leave open."""
        looks = {job: by_files(self.root / job, self.now(), self.claim_grace_s) for job in jobs}
        answers = {job: look for job, look in looks.items() if isinstance(look, JobStatus)}
        return {**answers, **self._asked({job: look for job, look in looks.items() if isinstance(look, Look)})}

    def cancel(self, job: JobId) -> None:
        """Ask the job to end, or never to start; repeating after the grace has Ray stop it.

        Raises:
            BackendUnreachable: Ray was not told; the job's own watcher will end it, and an unclaimed job never runs.
        """
        directory = self.root / job
        if not control_of(directory).is_dir():
            return
        before = read_state(directory).life
        request_stop(directory, self.grace_s)
        patience = self.grace_s + 2 * WATCH_S
        overdue = self.now() - modified(control_of(directory) / "cancel") > patience
        if before is not Life.ENDED and (before is not Life.RUNNING or overdue):
            self.client.stop(self.key(job))

    def logs(self, job: JobId, limit: int = TAIL_BYTES) -> str:
        """Return the last ``limit`` bytes of the job's log as plain text."""
        return tail(self.root / job, limit)

    def key(self, job: JobId) -> str:
        """Return the job's submission id: its name, made unique by where its directory lies."""
        return key_of(self.root / job)

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
            argv=launch.argv,
            cwd=Path(launch.cwd),
            env=launch.environment,
            time_limit_s=launch.time_limit_s or None,
            silence_limit_s=launch.silence_limit_s or None,
            memory_mb=launch.memory_mb or None,
            grace_s=self.grace_s,
            wake=(*_WAKE, *self.wake) if self.wake else (),
        )

    def _has(self, key: str) -> bool:
        """Tell whether Ray has the job. What is over there without ever having begun is forgotten, so that it can be submitted again."""
        entry = self.client.find(key)
        if entry is not None and entry.status in OVER:
            self.client.delete(key)
            return False
        return entry is not None

    def _hand_over(self, launch: Launch, spec: Spec, key: str) -> None:
        line = entrypoint(spec, launch, self.wrapper, self.options.gpus)
        try:
            self.client.submit(key, line, self.options.of_job(launch.devices))
        except BackendUnreachable:
            if self.client.find(key) is None:  # else it was taken: by this call, whose answer was lost, or by another
                raise

    def _asked(self, looks: Mapping[JobId, Look]) -> Mapping[JobId, JobStatus]:
        try:
            found = {job: self.client.find(self.key(job)) for job in looks}
        except BackendUnreachable as error:
            return {job: unknown(look, error.message) for job, look in looks.items()}
        told = {job: partial(_by_ray, entry) for job, entry in found.items()}
        return {job: by_both(look, told[job], self.now(), self.claim_grace_s) for job, look in looks.items()}


def _by_ray(entry: Entry | None, look: Look) -> JobStatus:
    return forgotten(look, "Ray") if entry is None else by_ray(look, entry)
