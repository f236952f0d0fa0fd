"""CSV or Parquet, one row a run: W&B's and MLflow's exports, or a team's own sheet.

Every column is a parameter, every number in it also a metric; a column ``id``, ``seed``, ``status`` or ``State`` (finished, failed, anything else)
or ``at`` (ISO 8601) is what it says.
"""

import math
from collections.abc import Mapping
from pathlib import Path

from rea.domain.errors import UsageError
from rea.domain.lever import Scalar
from rea.knowledge.importing.runs import Archive, Run, Status, flat, seed_of, unreadable

STATES = {
    "finished": Status.FINISHED,
    "complete": Status.FINISHED,
    "failed": Status.FAILED,
    "crashed": Status.FAILED,
}
EMPTY = ("", "nan", "null", "none", "NaN", "None", "NULL")


def read(place: str, experiment: str = "") -> Archive:
    """Return one run a row."""
    path = Path(place)
    if not path.is_file():
        raise UsageError(f"there is no file {place}", "give the path of a .csv or .parquet file")
    rows = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    return Archive(runs=tuple(run_of(row, str(number)) for number, row in enumerate(rows, start=1)))


def run_of(row: Mapping[str, Scalar], number: str) -> Run:
    """Return the run that a row is; empty cells say nothing."""
    said = {str(name).strip(): value for name, value in row.items() if value not in EMPTY}
    numbers = {name: value for name, cell in said.items() if (value := _number(cell)) is not None}
    return Run(
        id=str(said.pop("id", number)),
        parameters=said,
        metrics=numbers,
        status=STATES.get(str(said.pop("status", said.pop("State", "finished"))).strip().lower(), Status.UNFINISHED),
        seed=seed_of(said),
        at=str(said.pop("at", "")),
    )


def _csv(path: Path) -> list[dict[str, Scalar]]:
    import csv

    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restkey="beyond the header", strict=True)
            rows = [dict(row) for row in reader]
            header = reader.fieldnames or ()
    except (csv.Error, UnicodeDecodeError) as error:
        raise UsageError(
            unreadable(path, error), "write it as UTF-8, commas between cells, names in the first line"
        ) from error
    if len(set(header)) != len(header) or not header:
        raise UsageError(unreadable(path, "it has no header, or a name twice"), "give every column a name of its own")
    for line, row in enumerate(rows, start=2):
        if "beyond the header" in row or None in row.values():
            raise UsageError(
                unreadable(path, f"line {line} has more or fewer cells than the header"),
                "nothing was imported; repair the line",
            )
    return [flat(row) for row in rows]


def _parquet(path: Path) -> list[dict[str, Scalar]]:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_table

    try:
        return [flat(row) for row in read_table(path).to_pylist()]
    except (ArrowException, OSError) as error:
        raise UsageError(unreadable(path, error), "write it again with pyarrow or pandas") from error


def _number(cell: Scalar) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) and not isinstance(cell, bool) else None
