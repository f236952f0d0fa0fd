"""Looking at everything that a campaign will rest on, before anything is spent."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import rea.judge
from rea.domain.change import Change
from rea.domain.errors import ReaError, UsageError
from rea.domain.experiment import Purpose
from rea.domain.ids import JobId
from rea.domain.plan import Checklist, Policy
from rea.domain.workload import Confinement, Workload
from rea.executor.inspection.confinement import Neighbourhood, look_at_confinement
from rea.executor.inspection.data import look_at_data, source_of
from rea.executor.inspection.foreground import run_here
from rea.executor.inspection.interpreter import look_at_interpreter
from rea.executor.inspection.machine import look_at_machine
from rea.executor.inspection.repository import look_at_repository
from rea.executor.inspection.smoke import Measure, Run, look_at_smoke
from rea.executor.materialise import establish, find_interpreter, reopen
from rea.executor.observations import DataFacts, Observations, Trouble, trouble
from rea.executor.preflight import checklist
from rea.executor.workload import load

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """``directory`` is the campaign's; ``python`` a person's choice of interpreter; ``timer`` what wakes campaigns regularly."""

    directory: Path
    repository: Path
    python: str | None = None
    timer: str = ""
    sandbox: str = ""  # a person's choice, over what [seal] says


def inspect(
    state: Path,
    directory: Path,
    repository: Path,
    budget_ms: int,
    python: str | None = None,
    policy: Policy | None = None,
    run: Run = run_here,
    sandbox: str = "",
) -> tuple[Workload, Checklist]:
    """Inspect and judge; ``directory``, the campaign's, is ready for its first job afterwards, if the checklist passed.

    ``python`` is a person's choice of interpreter, ``run`` runs the smoke test's jobs. Raises WorkloadError where there is
    no repository, commit or valid workload.toml to check at all.
    """
    inspection = Inspection(
        directory=directory, repository=repository, python=python, timer=_timer(state), sandbox=sandbox
    )
    seen = observe(inspection, run)
    return seen.workload, checklist(seen, budget_ms, policy or Policy())


def observe(inspection: Inspection, run: Run, measure: Measure | None = None) -> Observations:
    """Look at everything; what fails is noted and what rests on it is left out. Raises as ``inspect`` does."""
    repository = look_at_repository(inspection.repository)
    workload = load(inspection.repository)
    inspection.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    python = _attempt(lambda: find_interpreter(workload.command.python, inspection.repository, inspection.python))
    interpreter = (
        python if isinstance(python, Trouble) else _attempt(lambda: look_at_interpreter(python, inspection.repository))
    )
    chosen = python if isinstance(python, str) else workload.command.python
    near = Neighbourhood(
        repository=inspection.repository,
        directory=inspection.directory,
        source=_stated(workload, inspection.repository),
    )
    wanted = _wanted(inspection.sandbox or workload.seal.sandbox)
    cell, confined = look_at_confinement(wanted, chosen, workload.seal.read, near)
    establish(inspection.directory, inspection.repository, repository.commit, chosen, os.environ, cell)
    ours = reopen(inspection.directory, workload)
    data = _attempt(lambda: look_at_data(ours, inspection.repository))
    judge = measure or _judge(inspection.directory, workload)
    blocked = next((t for t in (interpreter, data) if isinstance(t, Trouble)), None)
    return Observations(
        workload=workload,
        repository=repository,
        interpreter=interpreter,
        data=data,
        smoke=Trouble("not tried", "mend what failed above")
        if blocked
        else _attempt(lambda: look_at_smoke(ours, run, judge)),
        machine=look_at_machine(inspection.directory, _source(data), inspection.timer),
        judge_code=judge_code(),
        confined=confined,
    )


def judge_code() -> str:
    """Return a digest of the judge's own source: a verdict names what judged it."""
    sums = hashlib.sha256()
    for folder in rea.judge.__path__:
        for path in sorted(Path(folder).glob("*.py")):
            sums.update(path.name.encode() + b"\0" + path.read_bytes())
    return sums.hexdigest()


def _attempt(look: Callable[[], T]) -> T | Trouble:
    try:
        return look()
    except ReaError as error:
        return trouble(error)


def _timer(state: Path) -> str:
    """Tell when the timer last called: a line in a crontab is no running cron."""
    try:
        last = datetime.fromtimestamp((state / "timer").stat().st_mtime, tz=UTC)
    except FileNotFoundError:
        return ""
    return f"last called at {last.isoformat(timespec='seconds')}"


def _wanted(word: str) -> Confinement:
    if word not in tuple(Confinement):
        raise UsageError(f"REA_SANDBOX is {word!r}", f"one of: {', '.join(Confinement)}")
    return Confinement(word)


def _stated(workload: Workload, repository: Path) -> Path | None:
    try:
        return source_of(workload.data.path, repository)
    except ReaError:  # told where the data is looked at
        return None


def _source(data: DataFacts | Trouble) -> Path | None:
    return None if isinstance(data, Trouble) else Path(data.path)


def _judge(directory: Path, workload: Workload) -> Measure:
    from rea.judge.process import ProcessJudge

    def meta(job: JobId) -> tuple[int, Change, Purpose]:
        return 1, Change(overrides=workload.smoke), Purpose.SELECT

    return ProcessJudge(directory=directory, workload=workload, meta=meta).measure
