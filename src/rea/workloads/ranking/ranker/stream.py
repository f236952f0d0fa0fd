"""Rows that do not fit memory: a view read a row group at a time, with ``stream_rows`` training rows at once.

Each epoch draws the order of the row groups from (seed, epoch), fills a block of at least ``stream_rows`` rows from the
next groups, shuffles it and serves it. The order is a function of seed, epoch and position, so a resumed training
reads on in the middle of an epoch. Held in memory: one block and one row group of features, the vocabularies, and for
rows to be predicted their id, label and prediction. Write row groups of moderate size (``ranker.readers`` does).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ranker.columns import Column, GroupFile
from ranker.config import Config, ConfigError
from ranker.fitted import Encoder

PRIME = 1_000_003
Batch = tuple[Tensor, Tensor, Tensor, Tensor]  # ids, numbers, label, weight


@dataclass(frozen=True, slots=True)
class _Row:
    """What is known of the rows of one group beside their features."""

    split: np.ndarray
    label: np.ndarray
    day: np.ndarray | None


class Source:
    """A view's row groups: which rows are whose, and their encoding."""

    def __init__(self, path: Path, config: Config) -> None:
        self.file, self.config, self.encoder = GroupFile(path, config), config, Encoder(config)
        self.device = torch.device("cpu")
        self.rows: list[dict[str, np.ndarray]] = []  # by group and split, the places of its rows
        self.last_day = self._last_day()
        clicks = weights = 0.0
        for group in range(len(self.file)):
            columns = self.file.read(group)
            row = self._row(columns)
            self.rows.append(self._places(group, row))
            train = self.rows[-1]["train"]
            weight = self._decay(row, train)
            clicks, weights = clicks + float(row.label[train] @ weight), weights + float(weight.sum())
            if len(train):
                self.encoder.add(self._features(columns), train)
        self.encoder.settle()
        if not self.count("train") or not self.count("test"):
            raise ConfigError(
                f"{path}: no labelled row with {config.split} = train, or none with {config.split} = test"
            )
        self.mean_weight, self.base_rate = weights / self.count("train"), clicks / weights

    def count(self, split: str) -> int:
        """Rows of a split."""
        return sum(len(each[split]) for each in self.rows)

    def read(self, group: int, split: str) -> Batch:
        """The rows of one split in one group, encoded, in the order of the file."""
        columns, places = self.file.read(group), self.rows[group][split]
        row = self._row(columns)
        ids, numbers = self.encoder.encode(self._features(columns), places)
        weight = self._decay(row, places) / self.mean_weight
        arrays = (ids, numbers, row.label[places].astype(np.float32), weight.astype(np.float32))
        return tuple(torch.from_numpy(each) for each in arrays)  # type: ignore[return-value]

    def known(self, split: str) -> tuple[np.ndarray, Tensor]:
        """Row ids and labels of a split, which are held whole."""
        ids, labels = [np.zeros(0, np.int64)], [np.zeros(0)]
        for group, places in enumerate(self.rows):
            if len(places[split]):
                columns = self.file.read(group, (self.config.row_id, self.config.label))
                ids.append(columns[self.config.row_id].original()[places[split]])
                labels.append(columns[self.config.label].numbers()[places[split]])
        return np.concatenate(ids[1:] or ids), torch.from_numpy(np.concatenate(labels).astype(np.float32))

    def _row(self, columns: dict[str, Column]) -> _Row:
        day = columns.get(self.config.day)
        split, label = columns[self.config.split].words(), columns[self.config.label].numbers()
        return _Row(split, label, None if day is None else day.numbers())

    def _features(self, columns: dict[str, Column]) -> dict[str, Column]:
        known = {self.config.split, self.config.label, self.config.row_id, self.config.day}
        return {name: column for name, column in columns.items() if name not in known}

    def _last_day(self) -> float:
        config, last = self.config, -np.inf
        if not (config.data_window or config.recency_weighting):
            return last
        if config.day not in self.file.names:
            name = "data_window" if config.data_window else "recency_weighting"
            raise ConfigError(f"{name}={getattr(config, name)} needs a day column, and there is no {config.day!r}")
        for group in range(len(self.file)):
            row = self._row(self.file.read(group, (config.split, config.label, config.day)))
            mine = (row.split == "train") & ~np.isnan(row.label)
            last = max(last, float(row.day[mine].max())) if row.day is not None and mine.any() else last
        return last

    def _places(self, group: int, row: _Row) -> dict[str, np.ndarray]:
        rng = np.random.default_rng((20_201, group))
        test = (row.split == "test") | (np.isnan(row.label) & (row.split != "train"))
        train = (row.split == "train") & ~np.isnan(row.label)
        train &= rng.random(len(train)) < self.config.rows
        if self.config.data_window and row.day is not None:
            train &= row.day > self.last_day - self.config.data_window
        train &= (row.label > 0) | (rng.random(len(train)) < self.config.negative_sampling)
        masks = {"train": train, "valid": (row.split == "valid") & ~test, "test": test}
        return {name: np.flatnonzero(mask).astype(np.int32) for name, mask in masks.items()}

    def _decay(self, row: _Row, places: np.ndarray) -> np.ndarray:
        if row.day is None or not self.config.recency_weighting:
            return np.ones(len(places))
        return np.exp(-np.maximum(self.last_day - row.day[places], 0.0) / self.config.recency_weighting)


class Positions:
    """The places of an epoch's rows, counted over all epochs; a slice of it is a batch to take."""

    def __init__(self, first: int, rows: int) -> None:
        self.first, self.rows = first, rows

    def __getitem__(self, part: slice) -> Tensor:
        return torch.arange(self.first + part.start, self.first + min(part.stop, self.rows))


class TrainStream:
    """Training rows by position: ``take`` wants ascending positions, as a loop asks for them."""

    def __init__(self, source: Source, seed: int) -> None:
        self.source, self.seed = source, seed
        self.rows = source.count("train")
        self.epoch, self.blocks = -1, []  # type: ignore[var-annotated]
        self.held, self.block = -1, ()  # type: ignore[var-annotated]

    def __len__(self) -> int:
        return self.rows

    def to(self, device: torch.device) -> "TrainStream":
        """Batches will be on another device."""
        self.source.device = device
        return self

    def positions(self, epoch: int) -> Positions:
        """The places of an epoch's rows."""
        return Positions(epoch * self.rows, self.rows)

    def take(self, index: Tensor) -> Batch:
        """The rows at some consecutive positions of one epoch."""
        epoch, start = divmod(int(index[0]), self.rows)
        end, parts = start + len(index), []
        if epoch != self.epoch:
            self.epoch, self.held, self.blocks = epoch, -1, self._blocks(epoch)
        for number, (first, last, groups) in enumerate(self.blocks):
            if first < end and start < last:
                block = self._block(number, groups)
                low, high = max(start, first) - first, min(end, last) - first
                parts.append([each[low:high] for each in block])
        return tuple(torch.cat(each).to(self.source.device) for each in zip(*parts, strict=True))  # type: ignore[return-value]

    def _blocks(self, epoch: int) -> list[tuple[int, int, list[int]]]:
        counts = [len(each["train"]) for each in self.source.rows]
        generator = torch.Generator().manual_seed(self.seed * PRIME + epoch)
        order = torch.randperm(len(counts), generator=generator).tolist()
        if self.source.config.data_order == "time":
            order = list(range(len(counts)))
        blocks, groups, first, rows = [], [], 0, 0
        for group in order:
            if counts[group]:
                groups.append(group)
                rows += counts[group]
            if rows >= self.source.config.stream_rows:
                blocks.append((first, first + rows, groups))
                first, rows, groups = first + rows, 0, []
        return blocks + ([(first, first + rows, groups)] if rows else [])

    def _block(self, number: int, groups: list[int]) -> Batch:
        if number != self.held:
            self.block = ()  # before the next is read: two at once would double the memory
            parts = [self.source.read(group, "train") for group in groups]
            whole = [torch.cat(each) for each in zip(*parts, strict=True)]
            del parts
            if self.source.config.data_order != "time":
                generator = torch.Generator().manual_seed((self.seed * PRIME + self.epoch) * PRIME + number + 1)
                order = torch.randperm(len(whole[0]), generator=generator)
                whole = [each[order] for each in whole]
            self.held, self.block = number, tuple(whole)
        return self.block  # type: ignore[return-value]


class EvaluationStream:
    """Rows to be predicted, in the order of the file; ``row_id`` and ``label`` are held, features are not."""

    def __init__(self, source: Source, split: str) -> None:
        self.source, self.split = source, split
        self.row_id, self.label = source.known(split)

    def __len__(self) -> int:
        return len(self.row_id)

    def to(self, device: torch.device) -> "EvaluationStream":
        """Chunks will be on another device."""
        self.source.device = device
        return self

    def chunks(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """(ids, numbers) of at most ``size`` rows at a time."""
        for group, places in enumerate(self.source.rows):
            if len(places[self.split]):
                ids, numbers, _, _ = self.source.read(group, self.split)
                for start in range(0, len(ids), size):
                    both = (each[start : start + size].to(self.source.device) for each in (ids, numbers))
                    yield tuple(both)  # type: ignore[misc]
