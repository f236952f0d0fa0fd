"""The user's log as a table, and everything that is required of it."""

from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from rea.domain.errors import WorkloadError
from rea.domain.workload import Data
from rea.judge.columns import Column, coded, floats, plain, whole_or_text
from rea.judge.rows import Floats, Ids, Labels

ADDED_ROW_ID = "row_id"
_GLANCE = 4096
SPLITS = ("train", "valid", "test")


def read_log(data: Data, source: Path) -> pa.Table:
    """Read a log (Parquet, or CSV with a header) in the file's order, with the column of row ids added where it has none.

    Raises:
        WorkloadError: the file is missing or unreadable, lacks a column, or its row ids, split or label are not usable.
    """
    table = _read(source, as_text=data.format == "csv")
    if not data.row_id:
        table = _numbered(table)
    _check_columns(data, table)
    return table


def row_ids(data: Data, table: pa.Table) -> Ids:
    """Return the ids of all rows: int64, or text."""
    name = data.row_id or ADDED_ROW_ID
    column = plain(table[name])
    if column.null_count:
        raise WorkloadError(f"{column.null_count} rows have no {name!r}", "give every row an id of its own")
    if not (
        pa.types.is_integer(column.type) or pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    ):
        raise WorkloadError(f"row ids in {name!r} are {column.type}", "use whole numbers or text")
    ids = whole_or_text(column)
    unique, count = np.unique(ids, return_counts=True)
    if len(unique) < len(ids):
        raise WorkloadError(
            f"{name!r} repeats: {unique[count > 1][0]!s} stands in {count.max()} rows",
            "give every row an id of its own",
        )
    return ids


def labels(data: Data, table: pa.Table) -> Labels:
    """Return the labels of all rows, 0 or 1."""
    found = _numbers(table, data.label)
    strange = np.flatnonzero((found != 0) & (found != 1))
    if len(strange):
        row, value = int(strange[0]), found[strange[0]]
        said = "is missing" if np.isnan(value) else f"is {value:g}"
        raise WorkloadError(
            f"label {data.label!r} {said} in row {row} (and in {len(strange) - 1} others); it must be 0 or 1 in every row",
            "drop rows without a label, or name another column as [data] label",
        )
    return found.astype(np.int8)


def refuse_copies_of_label(data: Data, table: pa.Table, label: Labels) -> None:
    """Raise WorkloadError where another column is the label under another name: it would hand the sealed labels to jobs."""
    for name in table.column_names:
        if name in (data.label, data.oracle):
            continue
        if _tells(table[name].slice(0, _GLANCE), label[:_GLANCE]) and _tells(table[name], label):
            raise WorkloadError(
                f"column {name!r} is the label under another name", "drop it: no model has it when it serves"
            )


def _tells(column: Column, label: Labels) -> bool:
    """Whether a column has one value for every row of label 0, and another for every row of label 1."""
    kind = plain(column).type
    if pa.types.is_nested(kind):
        return False
    codes = coded(column).codes
    by_label = [codes[label == value] for value in (0, 1)]
    firsts = [part[0] for part in by_label if len(part)]
    return len(set(firsts)) == len(firsts) and all(bool(np.all(part == part[0])) for part in by_label if len(part))


def splits(data: Data, table: pa.Table) -> NDArray[np.str_]:
    """Return the split of all rows: train, valid or test, each of which occurs."""
    coded_split = coded(table[data.split], missing="")
    found = coded_split.names[coded_split.codes]
    present = {str(value) for value in np.unique(found)}
    if strange := sorted(present - set(SPLITS)):
        raise WorkloadError(f"column {data.split!r} holds {strange[0]!r}", "its values are train, valid and test")
    if absent := [name for name in SPLITS if name not in present]:
        raise WorkloadError(
            f"no row has {data.split} = {absent[0]}", "label rows as train, valid (split again by us) and test"
        )
    return found


def oracle(data: Data, table: pa.Table) -> Floats | None:
    """Return the best probability anyone could give for each row, where the log knows it."""
    if not data.oracle:
        return None
    found = _numbers(table, data.oracle)
    if not bool(np.all((found >= 0) & (found <= 1))):
        raise WorkloadError(f"oracle {data.oracle!r} is not a probability in every row", "its values lie in [0, 1]")
    return found


def _read(source: Path, *, as_text: bool) -> pa.Table:
    if not source.is_file():
        raise WorkloadError(
            f"{source} does not exist", "correct [data] path in workload.toml, or run what generates it"
        )
    try:
        with source.open("rb") as file:
            is_parquet = file.read(4) == b"PAR1"
        return pq.ParquetFile(source).read() if is_parquet else _read_csv(source, as_text)
    except (pa.ArrowException, OSError) as error:
        raise WorkloadError(
            f"{source} cannot be read: {error}", "it must be one Parquet file, or CSV with a header"
        ) from error


def _read_csv(source: Path, as_text: bool) -> pa.Table:
    if not as_text:
        return pv.read_csv(source)
    names = pv.open_csv(source).schema.names  # as text, so that the view repeats each value letter by letter
    return pv.read_csv(source, convert_options=pv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())))


def _numbered(table: pa.Table) -> pa.Table:
    if ADDED_ROW_ID in table.column_names:
        raise WorkloadError(
            f"the log has a column {ADDED_ROW_ID!r} that [data] does not name",
            f'write row_id = "{ADDED_ROW_ID}" in [data]',
        )
    return table.add_column(0, ADDED_ROW_ID, pa.array(np.arange(table.num_rows)))


def _check_columns(data: Data, table: pa.Table) -> None:
    named = (data.label, data.split, data.row_id, data.day, data.group, data.oracle, *data.slices)
    for name in filter(None, named):
        if name not in table.column_names:
            near = get_close_matches(name, table.column_names, n=1, cutoff=0.5)
            meant = f"did you mean {near[0]!r}?" if near else f"its columns are {', '.join(table.column_names)}"
            raise WorkloadError(f"the log has no column {name!r}; {meant}", "correct [data] in workload.toml")


def _numbers(table: pa.Table, name: str) -> Floats:
    try:
        return floats(table[name])
    except pa.ArrowException as error:
        raise WorkloadError(
            f"column {name!r} does not hold numbers: {error}", "correct [data] in workload.toml"
        ) from error
