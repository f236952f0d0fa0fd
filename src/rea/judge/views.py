"""The views of a log that jobs are handed: no label of a row to predict, and no oracle, is in them."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq

from rea.domain.workload import Data
from rea.judge.files import write_whole
from rea.judge.rows import Mask


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Parts:
    """Which rows are which; every row is in exactly one part."""

    train: Mask
    early_stopping: Mask
    judge: Mask
    test: Mask


def write_view(path: Path, table: pa.Table, data: Data, parts: Parts, *, test_rows: bool) -> None:
    """Write the log with the labels of judge and test rows withheld; the test rows themselves only where ``test_rows``."""
    view = _withhold(table, data, parts.judge | parts.test)
    if not test_rows:
        view = view.filter(pa.array(~parts.test))
    write_whole(path, lambda half: _write(view, half, data.format))


def _withhold(table: pa.Table, data: Data, hidden: Mask) -> pa.Table:
    view = table.drop_columns([data.oracle]) if data.oracle else table
    view = view.replace_schema_metadata(None)  # other programs leave notes about the values there
    instead = pa.scalar(None if data.withheld is None else str(data.withheld), type=pa.string())
    view = _replace(view, data.label, hidden, instead)
    return _replace(view, data.split, hidden, pa.scalar("test"))


def _replace(table: pa.Table, name: str, where: Mask, value: pa.StringScalar) -> pa.Table:
    kind = table.schema.field(name).type
    kind = kind.value_type if isinstance(kind, pa.DictionaryType) else kind
    kind = pa.int8() if pa.types.is_boolean(kind) else kind
    changed = pc.if_else(pa.array(where), value.cast(kind), table[name].cast(kind))
    return table.set_column(table.column_names.index(name), name, changed)


def _write(view: pa.Table, path: Path, form: str) -> None:
    if form == "csv":
        pv.write_csv(view, path)
    else:
        pq.write_table(view, path, compression="zstd")
