"""From batches of a log to a view: label, split, row_id, day, user and the features, in row groups of one split each.

Batches hold ``label`` and, where the data knows when a row happened, ``time`` in seconds (of the place's own clock),
or ``day``, or ``given`` with the publisher's own split. The text is read once, into a Parquet file beside the target;
the split is known when all rows have been seen.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ranker.config import ConfigError

SPLITS = ("train", "valid", "test")
HOUR, DAY = 3_600, 86_400
MONDAY = 3  # 1 January 1970 was a Thursday
GROUP = 131_072  # rows


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of the rows for validation and test."""

    valid: float
    test: float

    def __post_init__(self) -> None:
        if min(self.valid, self.test) <= 0 or self.valid + self.test >= 1:
            raise ConfigError(f"--valid {self.valid} --test {self.test}: shares above 0 that leave rows for training")


@dataclass(slots=True)
class _Seen:
    """What the first pass learns."""

    rows: int = 0
    hours: Counter[int] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)

    def add(self, batch: pa.Table) -> None:
        self.rows += batch.num_rows
        if "time" in batch.column_names:
            self.hours.update(_counts(batch["time"].to_numpy() // HOUR))
        if "given" in batch.column_names:
            self.given.update(batch["given"].to_pylist())


def _counts(values: np.ndarray) -> dict[int, int]:
    kinds, counts = np.unique(values, return_counts=True)
    return dict(zip(kinds.tolist(), counts.tolist(), strict=True))


def write(batches: Iterable[pa.Table], out: Path, shares: Shares) -> str:
    """Write a view, whole or not at all; returns a line about it. Raises ConfigError."""
    out.parent.mkdir(parents=True, exist_ok=True)
    rough, partial = (out.with_name(f"{out.name}.{os.getpid()}.{word}") for word in ("rough", "tmp"))
    try:
        seen = _gather(batches, rough)
        said = _finish(rough, partial, _Splitter(seen, shares))
        partial.replace(out)
    finally:
        rough.unlink(missing_ok=True)
        partial.unlink(missing_ok=True)
    return f"{out}: {said}"


def _gather(batches: Iterable[pa.Table], rough: Path) -> _Seen:
    seen, writer = _Seen(), None
    try:
        for batch in batches:
            if not batch.num_rows:
                continue
            _check(batch, seen.rows)
            seen.add(batch)
            writer = writer or pq.ParquetWriter(rough, batch.schema, compression="lz4")
            writer.write_table(batch, row_group_size=GROUP)
    finally:
        if writer:
            writer.close()
    if not seen.rows:
        raise ConfigError("the source holds no rows")
    return seen


def _check(batch: pa.Table, before: int) -> None:
    label = batch["label"]
    wrong = pc.fill_null(pc.invert(pc.is_in(label, value_set=pa.array([0, 1], label.type))), True).to_numpy()
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ConfigError(f"row {before + at + 1} of the log: label {label[at].as_py()}, where 0 or 1 should be")
    if "time" in batch.column_names and batch["time"].null_count:
        raise ConfigError(f"after row {before} of the log: a row without its time")


class _Splitter:
    """Gives rows their split, by time wherever there is one: validation after training, test after both.

    Rows of one hour stay together. Without a time the order of the file stands for it. A publisher's own test rows
    are test rows, and validation the last rows of the others.
    """

    def __init__(self, seen: _Seen, shares: Shares) -> None:
        self.seen = seen
        self.first_day = min(seen.hours, default=0) * HOUR // DAY
        whole = seen.given["train"] if seen.given else seen.rows
        ends = [1.0 - shares.valid - shares.test, 1.0 - shares.test]
        if seen.given:
            ends = [1.0 - shares.valid, 1.0]
        self.edges = self._hours(ends) if seen.hours else [round(whole * end) for end in ends]

    def _hours(self, ends: list[float]) -> list[int]:
        hours = np.array(sorted(self.seen.hours))
        shown = np.cumsum([self.seen.hours[hour] for hour in hours.tolist()])
        if len(hours) < 3:
            raise ConfigError(f"all rows lie within {len(hours)} hours, too few for three splits in the order of time")
        first = int(np.clip(np.searchsorted(shown, ends[0] * self.seen.rows) + 1, 1, len(hours) - 2))
        second = int(np.clip(np.searchsorted(shown, ends[1] * self.seen.rows) + 1, first + 1, len(hours) - 1))
        return [int(hours[first]), int(hours[second])]

    def codes(self, batch: pa.Table, start: int) -> np.ndarray:
        """0, 1 or 2 for each row of a batch that starts at row ``start``."""
        at = np.arange(start, start + batch.num_rows)
        if self.seen.hours:
            at = batch["time"].to_numpy() // HOUR
        code = np.searchsorted(self.edges, at, side="right")
        return np.where(pc.equal(batch["given"], "test").to_numpy(), 2, code) if self.seen.given else code


def _finish(rough: Path, partial: Path, splitter: _Splitter) -> str:
    """One walk over the gathered rows for each split, so that a row group is of one split."""
    file, writer, said = pq.ParquetFile(rough, pre_buffer=False), None, []
    try:
        for code, name in enumerate(SPLITS):
            rows = 0
            for table in _of_split(file, splitter, code):
                writer = writer or pq.ParquetWriter(partial, table.schema, compression="zstd")
                writer.write_table(table)
                rows += table.num_rows
            said.append(f"{rows} {name}")
    finally:
        if writer:
            writer.close()
    return f"{splitter.seen.rows} rows ({', '.join(said)})"


def _of_split(file: pq.ParquetFile, splitter: _Splitter, code: int) -> Iterator[pa.Table]:
    start, waiting = 0, []
    for group in range(file.num_row_groups):
        batch = file.read_row_group(group, use_threads=False)
        mine = np.flatnonzero(splitter.codes(batch, start) == code)
        if len(mine):
            waiting.append(_row_group(batch.take(mine), start + mine, splitter.first_day, SPLITS[code]))
        start += batch.num_rows
        if sum(each.num_rows for each in waiting) >= GROUP:
            yield pa.concat_tables(waiting).combine_chunks()
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()


def _row_group(batch: pa.Table, row_id: np.ndarray, first_day: int, split: str) -> pa.Table:
    columns = {
        "row_id": pa.array(row_id),
        "split": pa.array([split] * len(row_id)).dictionary_encode(),
        "label": batch["label"].cast(pa.int8()),
    }
    if "time" in batch.column_names:
        time = batch["time"].to_numpy()
        columns["day"] = pa.array((time // DAY - first_day).astype(np.int32))
        columns["hour"] = pa.array((time // HOUR % 24).astype(np.int8))
        columns["weekday"] = pa.array(((time // DAY + MONDAY) % 7).astype(np.int8))
    kept = [name for name in batch.column_names if name not in {"label", "time", "given"}]
    return pa.table(columns | {name: batch[name] for name in kept})
