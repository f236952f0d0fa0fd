"""From columns to ids and numbers: vocabularies, numeric encodings, crosses, counts of the past, ages."""

from dataclasses import dataclass, field

import numpy as np

from ranker.columns import Column
from ranker.config import Config, ConfigError, names

Array = np.ndarray
UNKNOWN = 0  # the id of whatever training rows do not hold
BUCKETS = 32
PRIOR = 20.0  # impressions that the base rate is worth in a smoothed click rate
WIDE = 30  # a field with more values than this has counts and ages


@dataclass(slots=True)
class Encoded:
    """``ids`` (rows, fields) without offsets, 0 unknown; ``sizes`` ids a field; ``numbers`` (rows, numeric)."""

    ids: Array
    numbers: Array
    fields: tuple[str, ...]
    sizes: tuple[int, ...]
    numeric: tuple[str, ...]
    commonest: dict[str, int]


@dataclass(slots=True)
class _Collected:
    ids: dict[str, Array] = field(default_factory=dict)
    numbers: dict[str, Array] = field(default_factory=dict)


def encode(columns: dict[str, Column], train: Array, known: tuple[Array, Array | None], config: Config) -> Encoded:
    """Encode every feature; ``known`` is (label, day) of all rows, of which only training labels are read."""
    kept = _without(columns, config)
    raw = {name: column.values for name, column in kept.items() if not column.numeric}
    out = _Collected()
    _crosses(raw, config)
    for name, values in raw.items():
        out.ids[name] = _vocabulary(values, train, config)
    for name, column in kept.items():
        if column.numeric:
            _numeric(out, name, column.values, (train, config))
    if config.count_features != "none":
        _counts(out, raw, train, known, config)
    if config.time_features == "age" and known[1] is not None:
        _ages(out, raw, train, known[1])
    return _packed(out, train)


def _without(columns: dict[str, Column], config: Config) -> dict[str, Column]:
    dropped = names(config.field_drop)
    missing = [name for name in dropped if name not in columns]
    if missing:
        raise ConfigError(f"field_drop={config.field_drop}: no feature {missing[0]!r}; there are {', '.join(columns)}")
    return {name: column for name, column in columns.items() if name not in dropped}


def _crosses(raw: dict[str, Array], config: Config) -> None:
    for pair in names(config.crosses):
        left, _, right = pair.partition("*")
        if left not in raw or right not in raw:
            raise ConfigError(f"crosses={pair}: write two id features as a*b; there are {', '.join(raw)}")
        _, first = np.unique(raw[left], return_inverse=True)
        kinds, second = np.unique(raw[right], return_inverse=True)
        raw[pair] = first.astype(np.int64) * len(kinds) + second


def _vocabulary(values: Array, train: Array, config: Config) -> Array:
    """Ids from 1 for what training rows hold often enough, else 0."""
    if config.hash_size:
        values = (values.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(20)) % np.uint64(
            config.hash_size
        )
    known, counts = np.unique(values[train], return_counts=True)
    known = known[counts >= config.min_frequency]
    if not len(known):
        return np.zeros(len(values), dtype=np.int32)
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.where(known[place] == values, place + 1, UNKNOWN).astype(np.int32)


def _numeric(out: _Collected, name: str, values: Array, how: tuple[Array, Config]) -> None:
    train, config = how
    if config.numeric_encoding == "quantile":
        edges = np.unique(np.nanquantile(values[train], np.linspace(0, 1, BUCKETS + 1)[1:-1]))
        out.ids[name] = np.where(np.isnan(values), UNKNOWN, np.searchsorted(edges, values) + 1).astype(np.int32)
        return
    if config.numeric_encoding == "log":
        values = np.sign(values) * np.log1p(np.abs(values))
    out.numbers[name] = _standardised(values, train)


def _standardised(values: Array, train: Array) -> Array:
    mean, deviation = np.nanmean(values[train]), np.nanstd(values[train])
    return np.nan_to_num((values - mean) / (deviation if deviation > 0 else 1.0)).astype(np.float32)


def _counts(
    out: _Collected, raw: dict[str, Array], train: Array, known: tuple[Array, Array | None], config: Config
) -> None:
    """Impressions, and smoothed click rate, of an id on earlier training days; without days impressions only."""
    label, day = known
    for name, values in raw.items():
        kinds, code = np.unique(values, return_inverse=True)
        if len(kinds) <= WIDE:
            continue
        shown, clicked = _past(code, len(kinds), (train, label, day))
        out.numbers[f"{name}_shown"] = _standardised(np.log1p(shown), train)
        if config.count_features == "rate" and day is not None:
            base = label[train].mean()
            rate = (clicked + PRIOR * base) / (shown + PRIOR)
            out.numbers[f"{name}_rate"] = _standardised(np.log(rate / (1.0 - rate)), train)


def _past(code: Array, kinds: int, known: tuple[Array, Array, Array | None]) -> tuple[Array, Array]:
    """Per row, impressions and clicks of its id on training days before its own (all of them without days)."""
    train, label, day = known
    when = np.zeros(len(code), dtype=np.int64) if day is None else (day - np.nanmin(day)).astype(np.int64)
    days = int(when.max()) + 1
    cell = code[train] * days + when[train]
    shown = np.bincount(cell, minlength=kinds * days).reshape(kinds, days).cumsum(axis=1)
    clicked = np.bincount(cell, label[train], minlength=kinds * days).reshape(kinds, days).cumsum(axis=1)
    if day is None:
        return shown[code, 0].astype(np.float64), clicked[code, 0]
    before = np.maximum(when - 1, 0)
    first = when == 0
    return np.where(first, 0.0, shown[code, before]), np.where(first, 0.0, clicked[code, before])


def _ages(out: _Collected, raw: dict[str, Array], train: Array, day: Array) -> None:
    """Days since an id was first shown, never looking ahead: the first day is not after the row's own."""
    for name, values in raw.items():
        kinds, code = np.unique(values, return_inverse=True)
        if len(kinds) <= WIDE:
            continue
        first = np.full(len(kinds), np.inf)
        np.minimum.at(first, code, day)
        out.numbers[f"{name}_age"] = _standardised(np.log1p(day - first[code]), train)


def _packed(out: _Collected, train: Array) -> Encoded:
    rows = len(next(iter((out.ids or out.numbers).values())))
    ids = np.stack(list(out.ids.values()), axis=1) if out.ids else np.zeros((rows, 0), np.int32)
    numbers = np.stack(list(out.numbers.values()), axis=1) if out.numbers else np.zeros((rows, 0), np.float32)
    commonest = {name: int(np.bincount(values[train]).argmax()) for name, values in out.ids.items()}
    sizes = tuple(int(values.max()) + 1 for values in out.ids.values())
    return Encoded(ids, numbers, tuple(out.ids), sizes, tuple(out.numbers), commonest)
