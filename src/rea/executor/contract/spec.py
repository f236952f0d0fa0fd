"""What a job is told: the values that the wrapper is started with."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from rea.domain.errors import UsageError

WRAPPER = Path(__file__).with_name("wrapper.sh")
DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SHELL_OWN = frozenset({"IFS", "OLDPWD", "PWD", "OPTIND", "LINENO", "ENV"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One job as launched: ``argv`` runs in ``cwd`` with exactly ``env``, then ``wake`` runs. None is no limit.

    ``memory_mb`` (MiB) bounds the data segment of each process (``ulimit -d``), not their sum, nor a device's memory.
    Raises UsageError where a value could not reach the job unchanged.
    """

    job: str
    argv: tuple[str, ...]
    cwd: Path
    env: tuple[tuple[str, str], ...] = ()
    time_limit_s: int | None = None
    silence_limit_s: int | None = None
    memory_mb: int | None = None
    grace_s: int = 10
    wake: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _SAFE_NAME.fullmatch(self.job):
            raise UsageError(f"{self.job!r} cannot name a directory", "use letters, digits, '.', '_' and '-' only")
        if not self.argv:
            raise UsageError(f"job {self.job} has no command", "state the command in workload.toml")
        if not self.cwd.is_absolute():
            raise UsageError(f"job {self.job}: working directory {self.cwd} is not absolute", "give an absolute path")
        self._check_limits()
        self._check_words()

    def _check_limits(self) -> None:
        for name in ("time_limit_s", "silence_limit_s", "memory_mb"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(
                    f"job {self.job}: {name} is {value}", "give a whole number of at least 1, or leave it out"
                )
        if self.grace_s < 1:
            raise UsageError(f"job {self.job}: grace_s is {self.grace_s}", "give a whole number of at least 1")

    def _check_words(self) -> None:
        for name, _ in self.env:
            if not _VARIABLE.fullmatch(name) or name in _SHELL_OWN:
                raise UsageError(
                    f"job {self.job}: the variable {name!r} cannot be passed on", "rename it or leave it out"
                )
        words = (*self.argv, *self.wake, str(self.cwd), *(value for _, value in self.env))
        if any("\0" in word for word in words):
            raise UsageError(f"job {self.job}: an argument or value holds a NUL byte", "remove it")

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment of the job; a PATH is added where the spec names none."""
        return {"PATH": DEFAULT_PATH, **dict(self.env)}

    def command(self, control: Path, wrapper: Path = WRAPPER) -> tuple[str, ...]:
        """Return the argv that runs this job under ``wrapper``, for a scheduler or a detached process to execute."""
        limits = (self.time_limit_s or 0, self.silence_limit_s or 0, self.grace_s, (self.memory_mb or 0) * 1024)
        numbers = (*map(str, limits), str(len(self.wake)))
        return ("/bin/sh", str(wrapper), str(control), str(self.cwd), *numbers, *self.wake, *self.argv)

    def to_json(self) -> str:
        """Return canonical JSON: equal specs give equal text."""
        return json.dumps({**asdict(self), "cwd": str(self.cwd)}, sort_keys=True, ensure_ascii=False)
