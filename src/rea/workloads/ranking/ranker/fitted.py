"""Encodings fitted on training rows a row group at a time: what ``features`` does at once, for files larger than memory.

Vocabularies are held whole (memory grows with distinct ids, not with rows); numbers need a mean and a deviation.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ranker import techniques
from ranker.columns import Column
from ranker.config import Config, ConfigError, names
from ranker.features import UNKNOWN, _hashed

RESIDENT_ONLY = ("history", "crosses", "count_features", "time_features", "timestamp", "position_debias")


def check(config: Config) -> None:
    """Raises ConfigError for settings that need all rows at once."""
    default = Config()
    asked = [name for name in RESIDENT_ONLY if getattr(config, name) != getattr(default, name)]
    if config.numeric_encoding == "quantile":
        asked.append("numeric_encoding")
    asked += [next(iter(each.SETTINGS)) for each in techniques.on(config) if hasattr(each, "targets")]
    if asked:
        raise ConfigError(
            f"{asked[0]}={getattr(config, asked[0])} needs all rows in memory: set stream_rows=0, or leave it at its default"
        )


@dataclass(slots=True)
class Vocabulary:
    """Ids from 1 in the order of the values, a missing value first, 0 for what training rows hold too seldom."""

    counts: Counter[object] = field(default_factory=Counter)
    values: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    missing: int = UNKNOWN

    def add(self, column: Column, rows: np.ndarray) -> None:
        """Count the values of some rows."""
        kinds, counts = np.unique(column.values[rows], return_counts=True)
        keys = kinds.tolist()
        if column.dictionary is not None:
            keys = [None if code < 0 else str(column.dictionary[code]) for code in keys]
        for key, count in zip(keys, counts.tolist(), strict=True):
            self.counts[key] += count

    def settle(self, least: int) -> None:
        """Give out the ids."""
        kept = {key for key, count in self.counts.items() if count >= max(least, 1)}
        self.missing = 1 if None in kept else UNKNOWN
        self.values = np.array(sorted(kept - {None}))  # type: ignore[type-var]
        self.counts.clear()

    @property
    def size(self) -> int:
        """Ids, the unknown one included."""
        return len(self.values) + self.missing + 1

    def ids(self, column: Column) -> np.ndarray:
        """The id of each row."""
        if column.dictionary is None:
            return self._of(column.values)
        return np.append(self._of(column.dictionary), np.int32(self.missing))[column.values]

    def _of(self, values: np.ndarray) -> np.ndarray:
        if not len(self.values) or not len(values):
            return np.zeros(len(values), np.int32)
        place = np.minimum(np.searchsorted(self.values, values), len(self.values) - 1)
        return np.where(self.values[place] == values, place + 1 + self.missing, UNKNOWN).astype(np.int32)


@dataclass(slots=True)
class Scale:
    """Mean and deviation by Chan's pairwise update, so that no row is held."""

    rows: int = 0
    mean: float = 0.0
    square: float = 0.0

    def add(self, values: np.ndarray) -> None:
        """Take in some rows; missing values count for nothing."""
        values = values[~np.isnan(values)]
        if not len(values):
            return
        mean, total = float(values.mean()), self.rows + len(values)
        step = mean - self.mean
        self.square += float(np.square(values - mean).sum()) + step**2 * self.rows * len(values) / total
        self.mean, self.rows = self.mean + step * len(values) / total, total

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Standardised values, missing ones 0."""
        deviation = np.sqrt(self.square / self.rows) if self.rows else 0.0
        return np.nan_to_num((values - self.mean) / (deviation if deviation > 0 else 1.0)).astype(np.float32)


class Encoder:
    """One vocabulary or scale a column, fitted group by group and then applied group by group."""

    def __init__(self, config: Config) -> None:
        check(config)
        self.config = config
        self.words: dict[str, Vocabulary] = {}
        self.scales: dict[str, Scale] = {}

    def add(self, columns: dict[str, Column], rows: np.ndarray) -> None:
        """Learn from the training rows of a row group."""
        for name, column in self._kept(columns).items():
            if column.numeric:
                self.scales.setdefault(name, Scale()).add(self._number(column)[rows])
            else:
                self.words.setdefault(name, Vocabulary()).add(self._word(column), rows)

    def settle(self) -> None:
        """To be called when all training rows were seen."""
        for vocabulary in self.words.values():
            vocabulary.settle(self.config.min_frequency)

    def encode(self, columns: dict[str, Column], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """ids (rows, fields) int32 and numbers (rows, numeric) float32 of some rows of a row group."""
        ids = [each.ids(self._word(columns[name]))[rows] for name, each in self.words.items()]
        numbers = [each.apply(self._number(columns[name])[rows]) for name, each in self.scales.items()]
        return (
            np.stack(ids, axis=1) if ids else np.zeros((len(rows), 0), np.int32),
            np.stack(numbers, axis=1) if numbers else np.zeros((len(rows), 0), np.float32),
        )

    def _kept(self, columns: dict[str, Column]) -> dict[str, Column]:
        dropped = names(self.config.field_drop)
        missing = [name for name in dropped if name not in columns]
        if missing:
            raise ConfigError(f"field_drop={self.config.field_drop}: no feature {missing[0]!r}")
        return {name: column for name, column in columns.items() if name not in dropped}

    def _word(self, column: Column) -> Column:
        return Column(_hashed(column, self.config), None, numeric=False) if self.config.hash_size else column

    def _number(self, column: Column) -> np.ndarray:
        values = column.values
        return np.sign(values) * np.log1p(np.abs(values)) if self.config.numeric_encoding == "log" else values
