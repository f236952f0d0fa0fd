"""Optuna: a SQLite storage or a journal file. The file is copied first, so that opening it cannot change it.

A study's objective is a metric called ``value``, or as the study names it; user attributes that are numbers are metrics too.
"""

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rea.domain.errors import UsageError
from rea.knowledge.importing.runs import Archive, Run, Status, flat, seed_of, unreadable

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

SQLITE = b"SQLite format 3\x00"


def read(place: str, experiment: str = "") -> Archive:
    """Return the trials of the study named, or of the only one."""
    from optuna.exceptions import OptunaError
    from sqlalchemy.exc import SQLAlchemyError

    path = Path(place.removeprefix("sqlite:///"))
    if not path.is_file():
        raise UsageError(f"there is no file {path}", "give an Optuna SQLite file or journal file")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(path, folder))
        try:
            study = _study(_storage(copy), experiment)
            trials, objectives = study.get_trials(), len(study.directions)
            name = (study.metric_names or ["value"])[0]
        except (OptunaError, SQLAlchemyError, KeyError, ValueError, TypeError, AttributeError) as error:
            raise UsageError(
                unreadable(path, error), "give the storage's file; one of another version: optuna storage upgrade"
            ) from error
    if objectives > 1:
        raise UsageError(f"the study has {objectives} objectives", "export the one you mean as a table")
    pruned = sum(t.state.name == "PRUNED" for t in trials)
    remarks = (f"{pruned} pruned trials: their values are of shorter runs",) if pruned else ()
    return Archive(runs=tuple(_run(t, name) for t in trials), remarks=remarks)


def _storage(path: Path) -> Any:
    import optuna
    from optuna.storages.journal import JournalFileBackend

    with path.open("rb") as file:
        if file.read(len(SQLITE)) == SQLITE:
            return optuna.storages.RDBStorage(f"sqlite:///{path}")
    return optuna.storages.JournalStorage(JournalFileBackend(str(path)))


def _study(storage: Any, experiment: str) -> "Study":
    import optuna

    names = optuna.get_all_study_names(storage)
    if experiment not in names and (experiment or len(names) != 1):
        there = ", ".join(names) or "none"
        raise UsageError(
            f"there is no study {experiment!r}" if experiment else "say which study", f"--experiment, one of: {there}"
        )
    return optuna.load_study(study_name=experiment or names[0], storage=storage)


def _run(trial: "FrozenTrial", name: str) -> Run:
    attributes = flat(trial.user_attrs)
    numbers = {k: float(v) for k, v in attributes.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    own = {name: trial.value} if trial.state.name == "COMPLETE" and trial.value is not None else {}
    parameters = flat(trial.params)
    ended = trial.datetime_complete or trial.datetime_start
    return Run(
        id=str(trial.number),
        parameters=parameters,
        metrics={**numbers, **own},
        status={"COMPLETE": Status.FINISHED, "FAIL": Status.FAILED}.get(trial.state.name, Status.UNFINISHED),
        seed=seed_of({**attributes, **parameters}),
        at=ended.astimezone().isoformat(timespec="seconds") if ended else "",
        seconds=trial.duration.total_seconds() if trial.duration else 0.0,
    )
