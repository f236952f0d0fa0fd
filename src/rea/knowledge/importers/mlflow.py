"""MLflow: a SQLite tracking file, or a tracking server's REST interface. MLflow itself is not needed; a metric is its last value."""

import json
import math
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from rea.domain.errors import UsageError
from rea.knowledge.importing.runs import Archive, Run, Status, seed_of, unreadable

TOKEN = "MLFLOW_TRACKING_TOKEN"  # noqa: S105 the name of the variable, as MLflow calls it
PAGE = 1000
TIMEOUT_S = 30
STATES = {"FINISHED": Status.FINISHED, "FAILED": Status.FAILED}


def read(place: str, experiment: str = "") -> Archive:
    """Return the runs of every experiment that was not deleted, or of the one named."""
    if urlsplit(place).scheme in ("http", "https"):
        return Archive(runs=tuple(_served(place.rstrip("/"), experiment)))
    path = Path(place.removeprefix("sqlite:///"))
    if not path.is_file():
        raise UsageError(f"there is no file {path}", "give MLflow's SQLite file, or http://host:port of its server")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return Archive(runs=tuple(_kept(database, experiment)))
    except sqlite3.DatabaseError as error:
        raise UsageError(
            unreadable(path, error), "give the file that `mlflow server --backend-store-uri sqlite:///FILE` writes"
        ) from error


def _kept(database: sqlite3.Connection, experiment: str) -> Iterator[Run]:
    names = [name for (name,) in database.execute("SELECT name FROM experiments WHERE lifecycle_stage = 'active'")]
    _known(experiment, names)
    asked = (
        "SELECT r.run_uuid, r.status, r.start_time, r.end_time FROM runs r JOIN experiments e USING (experiment_id) "
        "WHERE r.lifecycle_stage = 'active' AND e.lifecycle_stage = 'active' AND (? = '' OR e.name = ?) ORDER BY r.start_time, r.run_uuid"
    )
    for name, status, start, end in database.execute(asked, (experiment, experiment)).fetchall():
        parameters = dict(database.execute("SELECT key, value FROM params WHERE run_uuid = ?", (name,)).fetchall())
        told = database.execute("SELECT key, value FROM latest_metrics WHERE run_uuid = ? AND NOT is_nan", (name,))
        yield _run(name, status, start, end, parameters, dict(told.fetchall()))


def _served(server: str, experiment: str) -> Iterator[Run]:
    found = list(_pages(server, "experiments/search", {"max_results": PAGE}, "experiments"))
    _known(experiment, [e["name"] for e in found])
    ids = [e["experiment_id"] for e in found if experiment in ("", e["name"])]
    for run in _pages(server, "runs/search", {"experiment_ids": ids, "max_results": PAGE}, "runs") if ids else ():
        info, data = run["info"], run.get("data", {})
        parameters, metrics = (
            {x["key"]: x.get("value", "") for x in data.get(kind, ())} for kind in ("params", "metrics")
        )
        yield _run(
            info["run_id"], info.get("status", ""), info.get("start_time"), info.get("end_time"), parameters, metrics
        )


def _run(
    name: str,
    status: str,
    start: float | None,
    end: float | None,
    parameters: Mapping[str, str],
    metrics: Mapping[str, float],
) -> Run:
    begun, ended = (float(t) / 1000 if t else 0.0 for t in (start, end))
    at = ended or begun
    return Run(
        id=name,
        parameters=parameters,
        metrics={key: float(value) for key, value in metrics.items() if math.isfinite(float(value))},
        status=STATES.get(status, Status.UNFINISHED),
        seed=seed_of(parameters),
        at=datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if at else "",
        seconds=ended - begun if begun and ended else 0.0,
    )


def _known(experiment: str, names: Sequence[str]) -> None:
    if experiment and experiment not in names:
        raise UsageError(f"there is no experiment {experiment!r}", f"there are: {', '.join(names) or 'none'}")


def _pages(server: str, verb: str, asked: dict[str, Any], what: str) -> Iterator[dict[str, Any]]:
    token = ""
    while True:
        answer = _post(f"{server}/api/2.0/mlflow/{verb}", {**asked, **({"page_token": token} if token else {})})
        yield from answer.get(what, ())
        token = answer.get("next_page_token", "")
        if not token:
            return


def _post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    if os.environ.get(TOKEN):
        headers["Authorization"] = f"Bearer {os.environ[TOKEN]}"
    try:
        with urlopen(Request(url, json.dumps(body).encode(), headers), timeout=TIMEOUT_S) as answer:  # noqa: S310 http(s) only, by read
            found = json.loads(answer.read())
    except HTTPError as error:
        raise UsageError(
            f"{url} answered {error.code}", f"check the address; a server that asks who you are takes {TOKEN}"
        ) from error
    except (URLError, OSError, ValueError) as error:
        raise UsageError(
            f"{url} did not answer as MLflow does: {error}", "check the address, and that the server runs"
        ) from error
    if not isinstance(found, dict):
        raise UsageError(f"{url} did not answer as MLflow does", "give the server's root, such as http://host:5000")
    return found
