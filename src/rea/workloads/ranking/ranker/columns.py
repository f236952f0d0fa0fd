"""Columns of a Parquet file as numpy arrays, whatever their type."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ranker import techniques
from ranker.config import Config, ConfigError, names

if TYPE_CHECKING:
    import pyarrow.parquet as pq

# never features: the best reachable probability of a synthetic log, and what happened after an impression
WITHHELD = ("p_bayes", "outcome_")


@dataclass(frozen=True, slots=True)
class Column:
    """``values`` are codes into ``words`` where there are any (-1: missing), else numbers."""

    values: np.ndarray
    dictionary: np.ndarray | None
    numeric: bool
    seconds: np.ndarray | None = None  # since 1970, where the file holds a date or a time; missing as nan

    def original(self) -> np.ndarray:
        """Values as they stand in the file."""
        return self.values if self.dictionary is None else self.words()

    def words(self) -> np.ndarray:
        """Values as strings."""
        if self.dictionary is None:
            return self.values.astype(str)
        return np.append(self.dictionary, "")[self.values]

    def keys(self) -> np.ndarray:
        """Values as 64-bit whole numbers that no other row has a say in (codes depend on the words of all rows)."""
        if self.dictionary is None:
            return self.values
        return np.append(word_keys(self.dictionary), np.int64(0))[self.values]

    def numbers(self) -> np.ndarray:
        """Values as float64, missing as nan."""
        if self.dictionary is not None:
            return np.append(self.dictionary, "nan").astype(np.float64)[self.values]
        return self.values.astype(np.float64)


def word_keys(words: np.ndarray) -> np.ndarray:
    """A 64-bit number for each word, the same everywhere."""
    digests = b"".join(hashlib.blake2b(word.encode(), digest_size=8).digest() for word in words.tolist())
    return np.frombuffer(digests, np.int64)


def read_columns(path: Path, config: Config) -> dict[str, Column]:
    """Every column but the ignored, the withheld and lists. Raises ConfigError if label, split or row id is missing."""
    file = _opened(path, config)
    for name in own_columns(config):
        if name not in file.schema_arrow.names:
            raise ConfigError(f"{path} has no column {name!r}; its columns are {', '.join(file.schema_arrow.names)}")
    as_numbers = {*names(config.numeric), config.label, *own_columns(config)}
    kept = kept_columns(file.schema_arrow, config)
    # one at a time: the whole table beside its arrays would be most of what a training of a million rows holds
    return {name: _column(file.read(columns=[name], use_threads=False)[name], name in as_numbers) for name in kept}


def own_columns(config: Config) -> list[str]:
    """What techniques take out of the features for themselves."""
    return [name for reads in techniques.hooks("reads", config) for name in reads(config)]


class GroupFile:
    """A Parquet file whose row groups are read one at a time; a column has one kind in all of them."""

    def __init__(self, path: Path, config: Config) -> None:
        self.file = _opened(path, config)
        self.names = kept_columns(self.file.schema_arrow, config)
        self.as_numbers = set(names(config.numeric)) | {config.label}
        self.as_words = {name for name in self.names if self._may_be_missing(name)}

    def __len__(self) -> int:
        return self.file.num_row_groups

    def _may_be_missing(self, name: str) -> bool:
        """Whether some group misses a value, which makes whole numbers words, as it does in ``read_columns``."""
        meta = self.file.metadata
        column = meta.schema.to_arrow_schema().get_field_index(name)
        statistics = [meta.row_group(group).column(column).statistics for group in range(len(self))]
        return any(each is None or not each.has_null_count or each.null_count for each in statistics)

    def read(self, group: int, wanted: Sequence[str] = ()) -> dict[str, Column]:
        """The columns of one row group, all that a training may read if none is named."""
        import pyarrow as pa

        table = self.file.read_row_group(group, columns=list(wanted) or self.names, use_threads=False)
        found = {}
        for name in table.column_names:
            data = table[name]
            if name in self.as_words - self.as_numbers and pa.types.is_integer(data.type):
                data = data.cast(pa.string())
            found[name] = _column(data, name in self.as_numbers)
        return found


def _opened(path: Path, config: Config) -> "pq.ParquetFile":
    # arrow's own allocator reserves a gibibyte at once, which a limit on the process's data counts as used
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    import pyarrow.parquet as pq

    if not path.is_file():
        raise ConfigError(f"{path}: no such file; give a Parquet file with --data")
    file = pq.ParquetFile(path)
    for needed in (config.label, config.split, config.row_id):
        if needed not in file.schema_arrow.names:
            present = ", ".join(file.schema_arrow.names)
            raise ConfigError(f"{path} has no column {needed!r}; its columns are {present}")
    return file


def kept_columns(schema: object, config: Config) -> list[str]:
    """The columns of a Parquet file that a training may read."""
    needed = {config.label, config.split, config.row_id, *own_columns(config)}
    ignored = set(names(config.ignore))
    return [
        each.name
        for each in schema  # type: ignore[attr-defined]
        if each.name in needed
        or not (each.name in ignored or each.name.startswith(WITHHELD) or hasattr(each.type, "value_field"))
    ]


def _column(data: object, as_number: bool) -> Column:
    import pyarrow as pa

    kind = data.type  # type: ignore[attr-defined]
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind) or (as_number and not _wordy(pa, kind)):
        values = np.array(data.cast(pa.float64()).to_numpy())  # type: ignore[attr-defined]
        values[np.isinf(values)] = np.nan  # an overflow of whoever wrote the log: as good as missing
        return Column(values, None, numeric=True)
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind):
        seconds = _as_seconds(pa, data)
        return Column(seconds / 86_400 // 1, None, numeric=True, seconds=seconds)  # whole days since 1970
    if pa.types.is_integer(kind) and not data.null_count:  # type: ignore[attr-defined]
        return Column(data.to_numpy(), None, numeric=False)  # type: ignore[attr-defined]
    return _coded(pa, data)


def _as_seconds(pa: object, data: object) -> np.ndarray:
    seconds = data.cast(pa.timestamp("s"), safe=False).cast(pa.int64())  # type: ignore[attr-defined]
    return seconds.cast(pa.float64()).to_numpy()  # type: ignore[attr-defined]


def _wordy(pa: object, kind: object) -> bool:
    types = pa.types  # type: ignore[attr-defined]
    return types.is_dictionary(kind) or types.is_string(kind) or types.is_large_string(kind)


def _coded(pa: object, data: object) -> Column:
    whole = data.combine_chunks() if hasattr(data, "combine_chunks") else data
    if not pa.types.is_dictionary(whole.type):  # type: ignore[attr-defined]
        whole = whole.cast(pa.string()).dictionary_encode()  # type: ignore[attr-defined]
    whole = whole.combine_chunks() if hasattr(whole, "combine_chunks") else whole
    if hasattr(whole, "num_chunks"):
        whole = whole.chunk(0)
    codes = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    words = whole.dictionary.cast(pa.string()).to_numpy(zero_copy_only=False).astype(str)  # type: ignore[attr-defined]
    order = np.argsort(words)
    rank = np.append(np.argsort(order), -1)  # codes in the order of the words, whatever the file's order
    return Column(rank[codes].astype(np.int64), words[order], numeric=False)
