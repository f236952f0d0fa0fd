"""Which predictions a score may be computed from. Everything in a job's ``out`` is a claim until it has passed here."""

import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from rea.domain.errors import JudgeRefused
from rea.judge.columns import Column, floats, whole_or_text
from rea.judge.files import NotPlain, open_plain
from rea.judge.predictions import DECIMALS, rounded_of
from rea.judge.rows import Floats, Ids

PREDICTION = "prediction"
RERUN = "let the workload write row ids and probabilities of the rows with split = test, in the order of the data"


def read_predictions(path: Path, expected: Ids, row_id: str, root: Path | None = None) -> Floats:
    """Return the R predictions in ``path`` (Parquet or CSV; columns ``row_id`` or the data's own name for it, and ``prediction``).

    Below ``root``, or in the file's own folder, no link is followed.
    ``expected`` are the R ids of the rows to predict, in the view's order, which is the only order that is taken.

    Raises:
        JudgeRefused: the file is not a plain, whole file of exactly these rows, or holds what no probability can be.
    """
    above = root or path.parent
    with _plain(above, str(path.relative_to(above))) as file:
        ids, predictions = _read(file, path.name, expected, row_id)
    _check_ids(ids, expected)
    check_values(predictions)
    return predictions


def check_values(predictions: Floats) -> None:
    """Raise JudgeRefused where a prediction is not a probability, or all are the same."""
    _refuse_any(~np.isfinite(predictions), predictions, "not finite")
    _refuse_any((predictions < 0) | (predictions > 1), predictions, "outside [0, 1]")
    rounded = rounded_of(predictions)
    if rounded.min() == rounded.max():
        raise JudgeRefused(
            f"all {len(predictions)} predictions are {predictions[0]:.{DECIMALS}g}",
            "the model has collapsed: it tells no row from another",
        )


def _plain(root: Path, relative: str) -> BinaryIO:
    """Open the file once: what is checked is what is read. A link may lead to another job's answers, a pipe would block."""
    try:
        return open_plain(root, relative)
    except NotPlain as error:
        raise JudgeRefused(str(error), "let the job write the file itself") from error
    except OSError as error:
        raise JudgeRefused(
            f"no predictions: {Path(relative).name} is missing", "read the job's log: did it end before it predicted?"
        ) from error


def _read(file: BinaryIO, name: str, expected: Ids, row_id: str) -> tuple[Column, Floats]:
    try:
        table = _table(file, name, (len(expected), pa.int64() if expected.dtype.kind == "i" else pa.string()), row_id)
        ids = table[_id_column(table.column_names, row_id)]
        return ids, floats(table[PREDICTION])
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise JudgeRefused(
            f"{name} cannot be read: {error}", "was it written whole? write beside it, then rename"
        ) from error


def _table(file: BinaryIO, name: str, wanted: tuple[int, pa.DataType], row_id: str) -> pa.Table:
    rows, id_type = wanted
    is_parquet = file.read(4) == b"PAR1"
    file.seek(0)
    if is_parquet:
        parquet = pq.ParquetFile(file)
        _check_count(parquet.metadata.num_rows, rows)  # before a row is read: the file may be huge
        columns = [_id_column(parquet.schema_arrow.names, row_id), PREDICTION]
        return parquet.read(columns=columns, use_threads=False)
    types = {row_id: id_type, "row_id": id_type, PREDICTION: pa.float64()}
    if os.fstat(file.fileno()).st_size > (rows + 1) * 4096:
        raise JudgeRefused(f"{name} is far too large for {rows} rows", RERUN)
    _check_end(file, name)
    table = pv.read_csv(file, convert_options=pv.ConvertOptions(column_types=types))
    _id_column(table.column_names, row_id)
    _check_count(table.num_rows, rows)
    return table


def _check_end(file: BinaryIO, name: str) -> None:
    """Refuse a CSV whose last line has no end: cut off within a number, the number is another one."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 1))
    whole = file.read(1) in (b"\n", b"\r")
    file.seek(0)
    if not whole:
        raise JudgeRefused(f"{name} cannot be read: its last line has no end", "was it written whole? end every line")


def _id_column(names: list[str], row_id: str) -> str:
    found = next((name for name in (row_id, "row_id") if name and name in names), None)
    if found is None or PREDICTION not in names:
        wanted = row_id or "row_id"
        raise JudgeRefused(f"the columns are {', '.join(names[:10])}; wanted are {wanted} and {PREDICTION}", RERUN)
    return found


def _check_count(found: int, wanted: int) -> None:
    if found != wanted:
        raise JudgeRefused(f"{found} predictions for {wanted} rows", RERUN)


def _check_ids(column: Column, expected: Ids) -> None:
    if column.null_count:
        raise JudgeRefused(f"{column.null_count} predictions have no row id", RERUN)
    found = whole_or_text(column)
    if found.dtype.kind != expected.dtype.kind:
        raise JudgeRefused(f"row ids are {column.type}, those of the data are not", RERUN)
    if not np.array_equal(found, expected):
        raise JudgeRefused(_difference(found, expected), RERUN)


def _difference(found: Ids, expected: Ids) -> str:
    unique, count = np.unique(found, return_counts=True)
    if len(unique) < len(found):
        return f"row id {unique[count > 1][0]} is predicted {count.max()} times"
    missing = np.setdiff1d(expected, found)
    if len(missing):
        extra = np.setdiff1d(found, expected)
        return f"{len(missing)} rows are not predicted (first {missing[0]}), {len(extra)} unknown ones are (first {extra[0]})"
    place = int(np.flatnonzero(found != expected)[0])
    return f"the rows are in another order than the data's: place {place} holds {found[place]}, not {expected[place]}"


def _refuse_any(wrong: NDArray[np.bool_], predictions: Floats, said: str) -> None:
    places = np.flatnonzero(wrong)
    if len(places):
        first = int(places[0])
        raise JudgeRefused(
            f"{len(places)} predictions are {said} (first {predictions[first]} at place {first})", "write probabilities"
        )
