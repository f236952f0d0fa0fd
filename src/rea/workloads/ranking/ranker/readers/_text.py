"""Delimited text in batches that fit memory, with errors that name the line."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # see ranker.columns

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from ranker.config import ConfigError

NULLS = ["", "NULL", "\\N"]
BLOCK = 16 << 20  # bytes of text at once
WORD, WHOLE, REAL = pa.string(), pa.int64(), pa.float32()


@dataclass(frozen=True, slots=True)
class Format:
    """How a file is written. ``columns`` name and type those to keep; without a ``header`` it lists all, in order."""

    columns: dict[str, pa.DataType]
    delimiter: str = ","
    header: bool = True
    encoding: str = "utf8"
    quoted: bool = False


def find(source: Path, *patterns: str) -> list[Path]:
    """``source`` itself if it is a file, else the files below it that match the first pattern that any does (or .gz)."""
    if source.is_file():
        return [source]
    for pattern in patterns:
        found = sorted({*source.rglob(pattern), *source.rglob(pattern + ".gz")})
        if found:
            return found
    raise ConfigError(f"{source}: no such file, or a folder without {' or '.join(patterns)}")


def read_text(path: Path, form: Format) -> Iterator[pa.Table]:
    """The kept columns in batches. Raises ConfigError that names the line that is not as it should be."""
    present = _header(path, form) if form.header else list(form.columns)
    missing = [name for name in form.columns if name not in present]
    if missing:
        raise ConfigError(f"{path}, line 1: no column {missing[0]!r} in the header {form.delimiter.join(present)!r}")
    wrong: list[str] = []

    def note(row: pv.InvalidRow) -> str:
        wrong.append(f"line {row.number}: {row.actual_columns} columns where there are {row.expected_columns}")
        return "error"

    try:
        yield from _batches(path, form, present, note)
    except pa.ArrowInvalid as error:
        raise ConfigError(f"{path}, {wrong[0] if wrong else _plain(str(error), present)}") from None


def _batches(path: Path, form: Format, present: Sequence[str], note: object) -> Iterator[pa.Table]:
    quote = '"' if form.quoted else False
    with pa.input_stream(path, compression="detect") as stream:
        reader = pv.open_csv(
            stream,
            pv.ReadOptions(
                use_threads=False,  # else rows have no number to name
                block_size=BLOCK,
                column_names=list(present),
                skip_rows=int(form.header),
                encoding=form.encoding,
            ),
            pv.ParseOptions(delimiter=form.delimiter, quote_char=quote, invalid_row_handler=note),
            pv.ConvertOptions(
                column_types=form.columns,
                include_columns=list(form.columns),
                null_values=NULLS,
                strings_can_be_null=True,
            ),
        )
        for batch in reader:
            yield pa.Table.from_batches([batch])


def _header(path: Path, form: Format) -> list[str]:
    with pa.input_stream(path, compression="detect") as stream:
        line = stream.read(1 << 16).partition(b"\n")[0].decode(form.encoding, errors="replace")
    return [name.strip().strip('"') for name in line.lstrip("\ufeff").strip().split(form.delimiter)]


def _plain(message: str, present: Sequence[str]) -> str:
    """Arrow's words about a value of the wrong type, with the column's name."""
    found = re.search(r"column #(\d+): Row #(\d+): CSV conversion error to (\w+): invalid value (.*)", message)
    if not found:
        return f"not readable: {message}"
    column, line, kind, value = found.groups()
    return f"line {line}: {value} in column {present[int(column)]!r} is no {kind}"


class Lookup:
    """A small table by key, to be joined to batches; what it does not hold becomes missing."""

    def __init__(self, table: pa.Table, key: str) -> None:
        self.table = table.combine_chunks()
        self.keys = self.table[key].combine_chunks()
        self.values = self.table.drop_columns([key])

    def join(self, batch: pa.Table, column: str) -> pa.Table:
        """The batch with the columns of the table beside its own."""
        place = pc.index_in(batch[column].combine_chunks(), value_set=self.keys)
        found = self.values.take(place)
        for name in found.column_names:
            batch = batch.append_column(name, found[name])
        return batch


def whole_table(path: Path, form: Format) -> pa.Table:
    """All batches at once, for the small tables that are joined."""
    return pa.concat_tables(list(read_text(path, form)))
