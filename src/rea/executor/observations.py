"""What an inspection saw, as plain values: `preflight` judges them."""

from dataclasses import dataclass

from rea.domain.errors import ReaError
from rea.domain.event import Measured, PredictionsRefused
from rea.domain.job import LOCAL, JobStatus
from rea.domain.workload import Workload
from rea.judge.seal import Sealed


@dataclass(frozen=True, slots=True)
class Trouble:
    """A step that could not be done, and what to do about it."""

    text: str
    fix: str = ""


def trouble(error: ReaError) -> Trouble:
    return Trouble(error.message, error.hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryFacts:
    """``files`` are the paths of the commit; ``dirty`` and ``untracked`` those that a job would not see as they are now."""

    path: str
    commit: str
    files: tuple[str, ...]
    dirty: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    submodules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InterpreterFacts:
    """``fingerprint`` is a digest of the version and of every package with its version; ``editable`` are installed from the repository."""

    path: str
    version: str
    packages: int
    fingerprint: str
    editable: tuple[str, ...] = ()
    shared: bool = False  # with the environment that rea itself runs in


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFacts:
    path: str
    generated: bool
    sealed: Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeRun:
    """One tiny training as a real job. ``by_hand`` is how a person runs the same; ``predictions`` the digest of the file, empty if none."""

    status: JobStatus
    by_hand: str
    predictions: str = ""
    answer: Measured | PredictionsRefused | None = None

    @property
    def measured(self) -> bool:
        return isinstance(self.answer, Measured)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeFacts:
    """The same tiny training as declared, with every lever stated at its default, and under another seed."""

    plain: SmokeRun
    stated: SmokeRun | None = None
    reseeded: SmokeRun | None = None
    job_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """``timer`` names what wakes campaigns regularly; ``missing`` are commands that jobs need; ``backend`` is where they run; sizes in bytes."""

    free_bytes: int
    data_bytes: int
    memory_bytes: int
    missing: tuple[str, ...] = ()
    timer: str = ""
    backend: str = LOCAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Confined:
    """``why`` jobs do not run in a sandbox, empty where they do."""

    why: str = ""
    fix: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    workload: Workload
    repository: RepositoryFacts
    interpreter: InterpreterFacts | Trouble
    data: DataFacts | Trouble
    smoke: SmokeFacts | Trouble
    machine: MachineFacts
    judge_code: str
    confined: Confined = Confined(why="not looked at")
