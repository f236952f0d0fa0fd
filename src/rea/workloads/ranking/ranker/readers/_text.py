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
    before = 0  # lines of the blocks that were read
    for block in _blocks(path):
        rows = block.partition(b"\n")[2] if form.header and not before else block
        skipped = before + (len(rows) != len(block))
        if rows.strip():
            yield _parsed(rows, form, present, (path, skipped))
        before += block.count(b"\n")


def _blocks(path: Path) -> Iterator[bytes]:
    """Whole lines, a block at a time: arrow's own streaming reader reads ahead without a bound."""
    with pa.input_stream(path, compression="detect") as stream:
        rest = b""
        while block := stream.read(BLOCK):
            whole, end, rest = (rest + block).rpartition(b"\n")
            yield whole + end
        yield rest


def _parsed(rows: bytes, form: Format, present: Sequence[str], place: tuple[Path, int]) -> pa.Table:
    path, before = place
    wrong: list[str] = []

    def note(row: pv.InvalidRow) -> str:
        line = (row.number or 0) + before
        wrong.append(f"line {line}: {row.actual_columns} columns where there are {row.expected_columns}")
        return "error"

    try:
        return pv.read_csv(
            pa.BufferReader(rows),
            # one thread, else rows have no number to name
            pv.ReadOptions(use_threads=False, column_names=list(present), encoding=form.encoding),
            pv.ParseOptions(
                delimiter=form.delimiter, quote_char='"' if form.quoted else False, invalid_row_handler=note
            ),
            pv.ConvertOptions(
                column_types=form.columns,
                include_columns=list(form.columns),
                null_values=NULLS,
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        raise ConfigError(f"{path}, {wrong[0] if wrong else _plain(str(error), present, before)}") from None


def _header(path: Path, form: Format) -> list[str]:
    with pa.input_stream(path, compression="detect") as stream:
        line = stream.read(1 << 16).partition(b"\n")[0].decode(form.encoding, errors="replace")
    return [name.strip().strip('"') for name in line.lstrip("\ufeff").strip().split(form.delimiter)]


def _plain(message: str, present: Sequence[str], before: int) -> str:
    """Arrow's words about a value of the wrong type, with the column's name."""
    found = re.search(r"column #(\d+): Row #(\d+): CSV conversion error to (\w+): invalid value (.*)", message)
    if not found:
        return f"not readable: {message}"
    column, line, kind, value = found.groups()
    return f"line {int(line) + before}: {value} in column {present[int(column)]!r} is no {kind}"


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
