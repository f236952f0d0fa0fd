"""Jobs on a Slurm cluster: the same job directory and wrapper as everywhere, on a file system that the nodes share.

What the files of a job say comes first; Slurm is asked only where they leave it open. Jobs are found by our key, which
is name and comment of the job, never by a number: a controller that was killed has lost acknowledged jobs and given
their numbers away again. A controller that cannot be reached makes a job UNKNOWN.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from rea.domain.errors import BackendUnreachable, IntegrityError, UsageError
from rea.domain.ids import JobId
from rea.domain.job import KILL_GRACE_S, JobState, JobStatus, Launch
from rea.executor.backends.reading import Look, by_both, by_files, forgotten
from rea.executor.backends.slurm import script
from rea.executor.backends.slurm.client import Client, Entry, named
from rea.executor.backends.slurm.options import Options
from rea.executor.backends.slurm.reading import by_slurm, refused
from rea.executor.backends.stray import key_of
from rea.executor.contract.control import Life, read_state
from rea.executor.contract.directory import control_of, prepare, write_durably
from rea.executor.contract.log import TAIL_BYTES, tail
from rea.executor.contract.spec import WRAPPER, Spec
from rea.executor.contract.status import modified, node_of
from rea.executor.contract.stop import request_stop

WAKE_MINUTES = 60
WATCH_S = 5  # how often a job's watcher looks for a request to stop
NO_OTHER_NODE = (
    "Requested node configuration is not available",
    "Invalid node name",
)  # refusals: nothing was submitted
_OWN = ("SLURM_", "SBATCH_")  # variables that would steer sbatch behind our back


@dataclass(frozen=True, slots=True, kw_only=True)
class SlurmBackend:
    """Runs jobs on the cluster of ``client``; ``root`` holds their directories, ``wake`` is a job that depends on each job's end.

    ``claim_grace_s``: how long Slurm and the file system may take to show what has happened already.
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
        """Hand the job to Slurm unless it has it already, and return the name it goes by there.

        Raises:
            IntegrityError: the job was prepared with another command.
            BackendUnreachable: Slurm cannot be asked, or refuses the job; the job stays new.
        """
        directory, spec = self._place(launch), self._spec(launch)
        prepare(directory, spec)
        control, key = control_of(directory), self.key(launch.job)
        if read_state(directory).life is Life.NEW and not (control / "cancel").exists():
            queue = self.client.queue()
            entry = named(queue, key)
            if entry and refused(modified(control / "submitted"), entry):
                entry = None
            number = entry.number if entry else self._hand_over(launch, spec, key)
            write_durably(control / "submitted", f"{number} {key}\n")
            if named(queue, f"{key}.wake") is None:
                self._wake_after(number, key)
        return key

    def poll(self, jobs: Sequence[JobId]) -> Mapping[JobId, JobStatus]:
        """Return the status of every job asked for; where files leave any open, with one question to Slurm for all of them."""
        looks = {job: by_files(self.root / job, self.now(), self.claim_grace_s) for job in jobs}
        answers = {job: look for job, look in looks.items() if isinstance(look, JobStatus)}
        opened = {job: look for job, look in looks.items() if isinstance(look, Look)}
        return {**answers, **self._asked(opened)} if opened else answers

    def cancel(self, job: JobId) -> None:
        """Ask the job to end, or never to start; repeating after the grace has Slurm kill it.

        Raises:
            BackendUnreachable: Slurm was not told; the job's own watcher will end it, and an unclaimed job never runs.
        """
        directory = self.root / job
        if not control_of(directory).is_dir():
            return
        before = read_state(directory).life
        request_stop(directory, self.grace_s)
        patience = self.grace_s + 2 * WATCH_S
        overdue = self.now() - modified(control_of(directory) / "cancel") > patience
        if before is not Life.ENDED and (before is not Life.RUNNING or overdue):
            self.client.cancel(self.key(job))

    def logs(self, job: JobId, limit: int = TAIL_BYTES) -> str:
        """Return the last ``limit`` bytes of the job's log as plain text."""
        return tail(self.root / job, limit)

    def key(self, job: JobId) -> str:
        """Return what the job is called in Slurm: its name, made unique by where its directory lies."""
        return key_of(self.root / job)

    def _hand_over(self, launch: Launch, spec: Spec, key: str) -> str:
        """Submit, and where Slurm has no other node than those to avoid, to any: a bad node is better than none."""
        try:
            return self.client.submit(self._words(launch, spec, key), spec.environment)
        except BackendUnreachable as refused:
            if not launch.avoid or not any(said in refused.message for said in NO_OTHER_NODE):
                raise
        return self.client.submit(self._words(replace(launch, avoid=()), spec, key), spec.environment)

    def _place(self, launch: Launch) -> Path:
        directory = self.root / launch.job
        if Path(launch.directory) != directory:
            raise IntegrityError(
                f"job {launch.job} is to run in {launch.directory}, not in {directory}", "run `rea doctor`"
            )
        for name, _ in launch.environment:
            if name.startswith(_OWN):
                raise UsageError(
                    f"job {launch.job}: the variable {name} would steer sbatch", "take it out of [command]"
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
        )

    def _words(self, launch: Launch, spec: Spec, key: str) -> tuple[str, ...]:
        """Return sbatch's arguments. The limit passed on is the wrapper's and its grace, in whole minutes, as Slurm counts."""
        log = str(control_of(Path(launch.directory)) / "slurm.log").replace("%", "%%")
        limit = f"--time={-(-(launch.time_limit_s + self.grace_s) // 60)}" if launch.time_limit_s else ""
        body = (
            script.again(spec, launch, self.wrapper)
            if self.options.requeue
            else script.once(spec, Path(launch.directory), self.wrapper)
        )
        fixed = (*_called(key), f"--output={log}", "--open-mode=append", *((limit,) if limit else ()))
        return (*fixed, *self.options.of_job(launch.devices, launch.avoid), *body)

    def _wake_after(self, number: str, key: str) -> None:
        """Have Slurm run the wake when the job has ended, however it ended."""
        if not self.wake:
            return
        fixed = (*_called(f"{key}.wake"), "--output=/dev/null", f"--time={WAKE_MINUTES}")
        words = (*fixed, f"--dependency=afterany:{number}", *self.options.of_wake(), str(script.RUN), *self.wake)
        try:
            self.client.submit(words, {"PATH": self.client.path})
        except BackendUnreachable:
            return  # the job is submitted, and the timer wakes too: this only costs latency

    def _asked(self, looks: Mapping[JobId, Look]) -> Mapping[JobId, JobStatus]:
        try:
            queue = self.client.queue()
        except BackendUnreachable as error:
            return {job: JobStatus(state=JobState.UNKNOWN, reason=error.message) for job in looks}
        found = {job: named(queue, self.key(job)) for job in looks}
        missing = {job: look for job, look in looks.items() if found[job] is None and look.handed_over}
        found.update(self._accounted(missing))
        return {job: self._told(look, found[job]) for job, look in looks.items()}

    def _accounted(self, missing: Mapping[JobId, Look]) -> Mapping[JobId, Entry | None]:
        if not missing:
            return {}
        since = min(look.handed_over for look in missing.values()) - 3600
        entries = self.client.accounted([self.key(job) for job in missing], since)
        return {job: named(entries, self.key(job)) for job in missing}

    def _told(self, look: Look, entry: Entry | None) -> JobStatus:
        if entry and entry.word == "FAILED" and not entry.code:
            entry = replace(entry, code=self.client.exit_code(entry))
        status = by_both(look, partial(_by_slurm, entry), self.now(), self.claim_grace_s)
        return replace(status, node=node_of(look.directory))


def _by_slurm(entry: Entry | None, look: Look) -> JobStatus:
    return forgotten(look, "Slurm") if entry is None else by_slurm(look, entry)


def _called(key: str) -> tuple[str, ...]:
    return (f"--job-name={key}", f"--comment={key}", "--chdir=/", "--nodes=1", "--ntasks=1")
