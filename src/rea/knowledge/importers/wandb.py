"""Weights & Biases: folders of offline runs (``wandb/offline-run-*``), or an export as CSV or JSON. Needs no account and no package.

Of a run's .wandb file the configuration, the last value of each metric, the start and the exit code are read, nothing else of it.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rea.domain.errors import UsageError
from rea.domain.lever import Scalar
from rea.knowledge.importers import table
from rea.knowledge.importing import wire
from rea.knowledge.importing.runs import Archive, Run, Status, flat, seed_of, unreadable

HISTORY, SUMMARY, CONFIG, RUN, EXIT = 2, 3, 5, 17, 18  # fields of a record
REMARK = "of offline runs, system statistics, media, artifacts and all but the last value of each metric are not read"


def read(place: str, experiment: str = "") -> Archive:
    """Return the runs of a folder, one for each .wandb file at any depth, or of an export."""
    path = Path(place)
    if path.is_file() and path.suffix == ".json":
        return Archive(runs=tuple(_exported(path)))
    if path.is_file() and path.suffix in (".csv", ".parquet"):
        return table.read(place)
    files = [path] if path.suffix == ".wandb" and path.is_file() else sorted(path.glob("**/*.wandb"))
    if not files:
        raise UsageError(
            f"there is no W&B run in {place}", "give a folder with offline-run-* in it, or an exported .csv or .json"
        )
    found = [(run, project) for run, project in map(_offline, files) if experiment in ("", project)]
    if not found:
        raise UsageError(f"no run is of project {experiment!r}", "leave out --experiment to read all")
    return Archive(runs=tuple(run for run, _ in found), remarks=(REMARK,))


def _offline(path: Path) -> tuple[Run, str]:
    config: dict[str, Scalar] = {}
    last: dict[str, Scalar] = {}
    name, project, start, ended, code = path.stem.removeprefix("run-"), "", 0, False, 0
    try:
        for record in wire.log_records(path):
            for number, body in wire.fields(record):
                if not isinstance(body, bytes):
                    continue
                if number == RUN:
                    name, project = wire.text(body, 1) or name, wire.text(body, 3)
                    start = max([start, *(wire.whole(stamp, 1) for stamp in wire.parts(body, 17))])
                    for part in wire.parts(body, 4):
                        config.update(_items(part))
                elif number == CONFIG:
                    config.update(_items(body))
                elif number in (HISTORY, SUMMARY):
                    last.update(_items(body))
                elif number == EXIT:
                    ended, code = True, wire.whole(body, 1)
    except wire.Damaged as error:
        raise UsageError(unreadable(path, error), "nothing was imported; leave the damaged run out") from error
    config = {key: value for key, value in config.items() if not key.startswith("_wandb")}
    runtime = last.get("_runtime", 0.0)
    return Run(
        id=name,
        parameters=config,
        metrics=_numbers(last),
        status=(Status.FAILED if code else Status.FINISHED) if ended else Status.UNFINISHED,
        seed=seed_of(config),
        at=datetime.fromtimestamp(start, UTC).isoformat(timespec="seconds") if start else "",
        seconds=float(runtime) if isinstance(runtime, int | float) else 0.0,
    ), project


def _items(update: bytes) -> dict[str, Scalar]:
    """Return the items of a configuration, a summary or a step of the history: keys, and values as JSON."""
    found: dict[str, Scalar] = {}
    for item in wire.parts(update, 1):
        key = wire.text(item, 1) or ".".join(p.decode("utf-8", "replace") for p in wire.parts(item, 2))
        try:
            found.update(flat(json.loads(wire.text(item, 16) or "null"), key))
        except ValueError:
            continue
    return found


def _exported(path: Path) -> Iterator[Run]:
    """Yield the runs of a JSON list of objects with ``config`` and ``summary`` (or plain rows)."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError("it is no list of objects")
    except ValueError as error:
        raise UsageError(unreadable(path, error), "export a list of objects with config and summary") from error
    for number, row in enumerate(rows, start=1):
        if "config" not in row:
            yield table.run_of(flat(row), str(number))
            continue
        config = flat({k: v.get("value", v) if isinstance(v, dict) else v for k, v in row["config"].items()})
        yield Run(
            id=str(row.get("id", row.get("name", number))),
            parameters=config,
            metrics=_numbers(flat(row.get("summary", {}))),
            status=table.STATES.get(str(row.get("state", "finished")).lower(), Status.UNFINISHED),
            seed=seed_of(config),
            at=str(row.get("created_at", "")),
        )


def _numbers(said: dict[str, Scalar]) -> dict[str, float]:
    return {k: float(v) for k, v in said.items() if isinstance(v, int | float) and not isinstance(v, bool)}
