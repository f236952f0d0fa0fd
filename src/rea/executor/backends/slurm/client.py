"""Slurm's own commands, called with an argv and read with a separator: nothing here builds a shell line or trusts a column's width."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from rea.domain.errors import BackendUnreachable
from rea.executor.backends.slurm.states import COMPLETED, native, state_of

PATIENCE_S = 60.0
_QUEUE = "%A|%T|%r|%k|%j"
_ACCOUNT = "JobID,State,ExitCode,JobName"


@dataclass(frozen=True, slots=True)
class Entry:
    """One job as Slurm tells it. ``code`` is ``EXIT:SIGNAL``, or "" where it was not told; a number alone is never an identity."""

    number: str
    word: str
    name: str
    comment: str = ""
    reason: str = ""
    code: str = ""

    @property
    def refused(self) -> bool:
        """Whether this is what the controller keeps of a submission that it refused: no job."""
        return self.reason == "BadConstraints" and state_of(self.word).ended

    @property
    def rank(self) -> tuple[int, int]:
        """Among entries under one name: what still lives before what ended, and the one that only found the claim taken last."""
        ended = state_of(self.word).ended
        return (
            2 if not ended else 1 if self.word != COMPLETED else 0,
            int(self.number) if self.number.isdigit() else 0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The cluster that ``conf`` names (None: the machine's own). Every call raises BackendUnreachable where it cannot be done."""

    conf: str | None = None
    patience_s: float = PATIENCE_S
    path: str = field(default_factory=lambda: os.environ.get("PATH", os.defpath))

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Self:
        return cls(conf=variables.get("SLURM_CONF") or None)

    def queue(self) -> tuple[Entry, ...]:
        """Return every job of this user that the controller remembers, ended ones too, in one call."""
        told = self._call("squeue", "--noheader", "--states=all", f"--user={os.getuid()}", f"--format={_QUEUE}")
        rows = (line.split("|", 4) for line in told.splitlines())
        entries = (Entry(r[0], native(r[1]), r[4], comment=r[3], reason=r[2]) for r in rows if len(r) == 5)
        return tuple(entry for entry in entries if not entry.refused)

    def submit(self, words: Sequence[str], environment: Mapping[str, str]) -> str:
        """Submit a batch script and return its number. ``environment`` is the whole environment of the job, Slurm's own aside."""
        told = self._call("sbatch", "--parsable", *words, environment=environment)
        return told.strip().split(";")[0]

    def cancel(self, name: str) -> None:
        """Cancel every job of this user called ``name``; that there is none is no error."""
        self._call("scancel", f"--user={os.getuid()}", f"--name={name}")

    def exit_code(self, entry: Entry) -> str:
        """Return ``EXIT:SIGNAL`` of an ended job, "" where the controller has forgotten it or the number is another job's by now."""
        return self._shown(entry).get("ExitCode", "")

    def log_of(self, entry: Entry) -> str:
        """Return the file that Slurm writes the job's own output to, "" in the same cases."""
        return self._shown(entry).get("StdOut", "")

    def _shown(self, entry: Entry) -> Mapping[str, str]:
        """Return what the controller shows of a job: some values fill their line and may hold blanks, others share one."""
        try:
            lines = self._call("scontrol", "show", "job", entry.number).splitlines()
        except BackendUnreachable:
            return {}
        words = (word for line in lines for word in (*line.split(), line.strip()) if "=" in word)
        told = {name: value for name, _, value in (word.partition("=") for word in words)}
        return told if told.get("JobName") == entry.name else {}

    def accounted(self, names: Sequence[str], since: float) -> tuple[Entry, ...]:
        """Return what the accounting database knows of jobs by these names since a time (Unix); nothing where there is none to ask."""
        start = datetime.fromtimestamp(since).strftime("%Y-%m-%dT%H:%M:%S")  # sacct reads local time
        which = (f"--name={','.join(names)}", f"--starttime={start}", f"--uid={os.getuid()}")
        try:
            told = self._call("sacct", "-X", "-P", "-n", "-o", _ACCOUNT, *which)
        except BackendUnreachable:
            return ()
        rows = (line.split("|", 3) for line in told.splitlines())
        return tuple(Entry(r[0], native(r[1]), r[3], code=r[2]) for r in rows if len(r) == 4)

    def _call(self, *argv: str, environment: Mapping[str, str] | None = None) -> str:
        ours = {"PATH": self.path, "LC_ALL": "C"} if environment is None else dict(environment)
        if self.conf is not None:
            ours["SLURM_CONF"] = self.conf
        program = _found(argv[0], self.path)
        try:
            done = subprocess.run(
                (program, *argv[1:]),
                env=ours,
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self.patience_s,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BackendUnreachable(f"{argv[0]} could not be asked: {error}", "is Slurm up? try `sinfo`") from error
        if done.returncode != 0:
            raise BackendUnreachable(f"{argv[0]}: {done.stderr.strip()[:400]}", "nothing is lost: rea asks again")
        return done.stdout


def _found(program: str, path: str) -> str:
    """Return where Slurm's command lies by *our* path: the job's environment may name another."""
    found = shutil.which(program, path=path)
    if found is None:
        raise BackendUnreachable(f"there is no {program} on this machine", "install Slurm's client commands")
    return found


def named(entries: Iterable[Entry], key: str) -> Entry | None:
    """Return the job that carries our key as its name or its comment; the one that lives, where there are several."""
    found = [entry for entry in entries if key in (entry.name, entry.comment)]
    return max(found, key=lambda entry: entry.rank, default=None)
