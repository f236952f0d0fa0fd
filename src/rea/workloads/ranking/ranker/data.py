"""A view (one Parquet file) as resident tensors: ids with one offset per field, numbers, labels, weights.

Vocabularies, scales and counts are taken from training rows only. ``p_bayes`` is never read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ranker import kernels, techniques
from ranker.calendar import calendar
from ranker.columns import Column, own_columns, read_columns
from ranker.config import Config, ConfigError
from ranker.features import Encoded, encode
from ranker.kernels import Kernels
from ranker.layers import rows
from ranker.stream import Batch, EvaluationStream, Source, TrainStream


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one split: ``ids`` (rows, fields) int32, ``numbers`` (rows, numeric fields), ``weight`` (rows,).

    With ``kernels`` rows are taken by them, and weights that are ``even``, all the same, are not looked up."""

    row_id: np.ndarray
    ids: Tensor
    numbers: Tensor
    label: Tensor
    weight: Tensor
    kernels: Kernels | None = None
    even: bool = False

    def __len__(self) -> int:
        return len(self.row_id)

    def take(self, index: Tensor) -> Batch:
        """The rows at ``index``."""
        columns = (self.ids, self.numbers, self.label, self.weight)
        if self.kernels is None:
            return tuple(each.index_select(0, index) for each in columns)
        found = [rows.take(self.kernels, each, index) for each in (columns[:-1] if self.even else columns)]
        return tuple([*found, self.weight[: len(index)]] if self.even else found)

    def chunks(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """(ids, numbers) of at most ``size`` rows at a time, in order."""
        return zip(self.ids.split(size), self.numbers.split(size), strict=True)

    def to(self, device: torch.device) -> "Part":
        """The same on another device."""
        tensors = (each.to(device) for each in (self.ids, self.numbers, self.label, self.weight))
        return Part(self.row_id, *tensors, self.kernels if device.type == "cpu" else None, self.even)


@dataclass(frozen=True, slots=True)
class Data:
    """A view, encoded. ``base_rate`` is of the weighted training rows; ``log_kept`` is ln of the negatives kept."""

    fields: tuple[str, ...]
    sizes: tuple[int, ...]
    numeric: tuple[str, ...]
    train: Part | TrainStream
    valid: Part | EvaluationStream
    test: Part | EvaluationStream
    base_rate: float
    log_kept: float
    item: int = 0  # which field the ids of the past belong to, where ``ids`` has more columns than ``fields``
    targets: dict[str, Tensor] = field(default_factory=dict)  # what techniques want to know of training rows

    def to(self, device: torch.device) -> "Data":
        """The same on another device."""
        parts = {name: getattr(self, name).to(device) for name in ("train", "valid", "test")}
        return replace(self, **parts, targets={name: each.to(device) for name, each in self.targets.items()})


def load(path: Path, config: Config, seed: int = 0) -> Data:
    """Read and encode a view. Raises ConfigError where a named column is missing or there is nothing to train on.

    ``seed`` is of the order of streamed rows, which the view itself has to draw.
    """
    if config.stream_rows:
        return _streamed(Source(path, config), seed)
    columns = read_columns(path, config)
    split, label = columns.pop(config.split).words(), columns.pop(config.label).numbers()
    columns |= calendar(columns, config)
    row_id, day = columns.pop(config.row_id).original(), _days(columns, config)
    own = {name: columns.pop(name).numbers() for name in own_columns(config)}
    test = (split == "test") | (np.isnan(label) & (split != "train"))
    valid = (split == "valid") & ~test
    rng = np.random.default_rng(20_201)
    train = _training_rows(np.flatnonzero((split == "train") & ~np.isnan(label)), label, day, config, rng)
    if not len(train) or not test.any():
        raise ConfigError(f"{path}: no labelled row with {config.split} = train, or none with {config.split} = test")
    encoded = encode({name: columns.pop(name) for name in list(columns)}, train, (label, day), config)
    weight = _weights(day, len(label), train, config)
    parts = [
        _part(encoded, row_id, (label, weight), index) for index in (train, np.flatnonzero(valid), np.flatnonzero(test))
    ]
    even = bool((parts[0].weight == parts[0].weight[0]).all())
    parts[0] = replace(parts[0], kernels=kernels.load(config), even=even)
    if config.position_debias:
        for part in parts[1:]:
            _fix_position(part, encoded, config)
    rate = float(np.average(label[train], weights=weight[train]))
    kept = float(np.log(config.negative_sampling))
    item = encoded.fields.index(config.item) if config.history else 0
    targets = _targets(config, {name: each[train] for name, each in own.items()}, row_id[train])
    return Data(encoded.fields, encoded.sizes, encoded.numeric, *parts, rate, kept, item, targets)


def _targets(config: Config, columns: dict[str, np.ndarray], row_id: np.ndarray) -> dict[str, Tensor]:
    found: dict[str, np.ndarray] = {}
    for targets in techniques.hooks("targets", config):
        found |= targets(config, columns, row_id)
    return {name: torch.from_numpy(each.astype(np.float32)) for name, each in found.items()}


def _streamed(source: Source, seed: int) -> Data:
    words, scales = source.encoder.words, source.encoder.scales
    sizes = tuple(each.size for each in words.values())
    parts = (TrainStream(source, seed), EvaluationStream(source, "valid"), EvaluationStream(source, "test"))
    kept = float(np.log(source.config.negative_sampling))
    return Data(tuple(words), sizes, tuple(scales), *parts, source.base_rate, kept)


def _days(columns: dict[str, Column], config: Config) -> np.ndarray | None:
    column = columns.pop(config.day, None)
    if column is not None:
        return column.numbers()
    needing = {
        "history": config.history > 0,
        "time_features": config.time_features in ("age", "both"),
        "count_features": config.count_features == "rate",
        "recency_weighting": config.recency_weighting > 0,
        "data_window": config.data_window > 0,
    }
    for name, needed in needing.items():
        if needed:
            raise ConfigError(f"{name}={getattr(config, name)} needs a day column, and there is no {config.day!r}")
    return None


def _training_rows(
    index: np.ndarray, label: np.ndarray, day: np.ndarray | None, config: Config, rng: np.random.Generator
) -> np.ndarray:
    if config.rows < 1.0:
        kept = rng.permutation(len(index))[: max(1, round(config.rows * len(index)))]
        index = index[np.sort(kept)]
    if config.data_window and day is not None:
        index = index[day[index] > day[index].max() - config.data_window]
    if config.negative_sampling < 1.0:
        index = index[(label[index] > 0) | (rng.random(len(index)) < config.negative_sampling)]
    return index


def _weights(day: np.ndarray | None, rows: int, train: np.ndarray, config: Config) -> np.ndarray:
    """exp(-age / time constant), with mean 1 over the training rows."""
    if day is None or not config.recency_weighting:
        return np.ones(rows)
    age = np.maximum(day[train].max() - day, 0.0)
    weight = np.exp(-age / config.recency_weighting)
    return weight / weight[train].mean()


def _part(encoded: Encoded, row_id: np.ndarray, target: tuple[np.ndarray, np.ndarray], index: np.ndarray) -> Part:
    label, weight = target
    return Part(
        row_id[index],
        torch.from_numpy(np.concatenate([encoded.ids[index], encoded.past[index]], axis=1)),
        torch.from_numpy(encoded.numbers[index]),
        torch.from_numpy(label[index].astype(np.float32)),
        torch.from_numpy(weight[index].astype(np.float32)),
    )


def _fix_position(part: Part, encoded: Encoded, config: Config) -> None:
    """Predict as if shown where training rows were shown most."""
    if config.position not in encoded.fields:
        raise ConfigError(f"position_debias=true needs the column {config.position!r} among the id features")
    part.ids[:, encoded.fields.index(config.position)] = encoded.commonest[config.position]
