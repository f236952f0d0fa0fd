"""From columns to ids and numbers: vocabularies, numeric encodings, crosses, counts of the past, ages."""

from dataclasses import dataclass, field

import numpy as np

from ranker.columns import Column
from ranker.config import Config, ConfigError, names

Array = np.ndarray
UNKNOWN = 0  # the id of whatever training rows do not hold
BUCKETS = 32
PRIOR = 20.0  # impressions that the base rate is worth in a smoothed click rate
WIDE = 30  # a field with more values than this in training rows has counts and ages


@dataclass(slots=True)
class Encoded:
    """``ids`` (rows, fields) without offsets, 0 unknown; ``sizes`` ids a field; ``numbers`` (rows, numeric)."""

    ids: Array
    numbers: Array
    fields: tuple[str, ...]
    sizes: tuple[int, ...]
    numeric: tuple[str, ...]
    commonest: dict[str, int]
    past: Array  # (rows, history) ids of the item field, the latest first, 0 none


@dataclass(frozen=True, slots=True)
class _Codes:
    """A column as codes 0 .. kinds - 1 in the order of its values, rows of every split included."""

    code: Array
    kinds: int


@dataclass(slots=True)
class _Collected:
    ids: dict[str, Array] = field(default_factory=dict)
    numbers: dict[str, Array] = field(default_factory=dict)


def encode(columns: dict[str, Column], train: Array, known: tuple[Array, Array | None], config: Config) -> Encoded:
    """Encode every feature; ``known`` is (label, day) of all rows, of which only training labels are read."""
    kept = _without(columns, config)
    del columns  # so that each can go as soon as it is encoded
    numeric = {name: kept.pop(name) for name, column in list(kept.items()) if column.numeric}
    codes = {name: _compact(_hashed(kept.pop(name), config)) for name in list(kept)}
    out = _Collected()
    _crosses(codes, config)
    for name, each in codes.items():
        out.ids[name] = _vocabulary(each, train, config.min_frequency)
    for name, column in numeric.items():
        _numeric(out, name, column.values, (train, config))
    wide = {name: each for name, each in codes.items() if np.bincount(each.code[train]).astype(bool).sum() > WIDE}
    if config.count_features != "none":
        _counts(out, wide, (train, *known), rates=config.count_features == "rate")
    if config.time_features in ("age", "both") and known[1] is not None:
        _ages(out, wide, train, known[1])
    past = _history(out.ids, codes, (train, *known), config)
    return _packed(out, train, past)


def _history(
    ids: dict[str, Array], codes: dict[str, _Codes], known: tuple[Array, Array, Array | None], config: Config
) -> Array:
    """The items that a row's user clicked on training days before the row's own, the latest first: (rows, history)."""
    train, label, day = known
    for name in (config.user, config.item):
        if config.history and name not in codes:
            raise ConfigError(f"history={config.history}: no id feature {name!r}; there are {', '.join(codes)}")
    if not config.history or day is None:
        return np.zeros((len(label), 0), np.int32)
    when = (day - np.nanmin(day)).astype(np.int64)
    user_day = codes[config.user].code.astype(np.int64) * (when.max() + 2)
    clicks = train[label[train] > 0]
    clicks = clicks[np.argsort((user_day + when)[clicks], kind="stable")]
    keys = (user_day + when)[clicks]
    end, start = np.searchsorted(keys, user_day + when), np.searchsorted(keys, user_day)
    places = end[:, None] - 1 - np.arange(config.history)
    held = places >= start[:, None]
    return np.where(held, ids[config.item][clicks][np.maximum(places, 0)] if len(clicks) else 0, 0).astype(np.int32)


def _without(columns: dict[str, Column], config: Config) -> dict[str, Column]:
    dropped = names(config.field_drop)
    missing = [name for name in dropped if name not in columns]
    if missing:
        raise ConfigError(f"field_drop={config.field_drop}: no feature {missing[0]!r}; there are {', '.join(columns)}")
    return {name: column for name, column in columns.items() if name not in dropped}


def _hashed(column: Column, config: Config) -> Array:
    if not config.hash_size:
        return column.values
    mixed = column.keys().astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(20)
    return (mixed % np.uint64(config.hash_size)).astype(np.int64)


def _compact(values: Array) -> _Codes:
    low = int(values.min())
    span = int(values.max()) - low + 1
    if span > 1 << 22:
        kinds, code = np.unique(values, return_inverse=True)
        return _Codes(code.astype(np.int32), len(kinds))
    seen = np.zeros(span, dtype=bool)
    seen[values - low] = True
    return _Codes((np.cumsum(seen, dtype=np.int32) - np.int32(1))[values - low], int(seen.sum()))


def _crosses(codes: dict[str, _Codes], config: Config) -> None:
    for pair in names(config.crosses):
        left, _, right = pair.partition("*")
        if left not in codes or right not in codes:
            raise ConfigError(f"crosses={pair}: write two id features as a*b; there are {', '.join(codes)}")
        codes[pair] = _compact(codes[left].code.astype(np.int64) * codes[right].kinds + codes[right].code)


def _vocabulary(codes: _Codes, train: Array, least: int) -> Array:
    """Ids from 1 for what training rows hold at least ``least`` times, else 0."""
    kept = np.bincount(codes.code[train], minlength=codes.kinds) >= max(least, 1)
    return np.where(kept, np.cumsum(kept), UNKNOWN).astype(np.int32)[codes.code]


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


def _counts(out: _Collected, wide: dict[str, _Codes], known: tuple[Array, Array, Array | None], rates: bool) -> None:
    """Impressions, and smoothed click rate, of an id on earlier training days; without days impressions only."""
    train, label, day = known
    for name, codes in wide.items():
        shown, clicked = _past(codes, known)
        out.numbers[f"{name}_shown"] = _standardised(np.log1p(shown), train)
        if rates and day is not None:
            rate = (clicked + PRIOR * label[train].mean()) / (shown + PRIOR)
            out.numbers[f"{name}_rate"] = _standardised(np.log(rate / (1.0 - rate)), train)


def _past(codes: _Codes, known: tuple[Array, Array, Array | None]) -> tuple[Array, Array]:
    """Per row, impressions and clicks of its id on training days before its own (all of them without days)."""
    train, label, day = known
    code, kinds = codes.code, codes.kinds
    when = np.zeros(len(code), dtype=np.int64) if day is None else (day - np.nanmin(day)).astype(np.int64)
    days = int(when.max()) + 1
    cell = code[train].astype(np.int64) * days + when[train]
    shown = np.bincount(cell, minlength=kinds * days).reshape(kinds, days).cumsum(axis=1)
    clicked = np.bincount(cell, label[train], minlength=kinds * days).reshape(kinds, days).cumsum(axis=1)
    if day is None:
        return shown[code, 0].astype(np.float64), clicked[code, 0]
    before, first = np.maximum(when - 1, 0), when == 0
    return np.where(first, 0.0, shown[code, before]), np.where(first, 0.0, clicked[code, before])


def _ages(out: _Collected, wide: dict[str, _Codes], train: Array, day: Array) -> None:
    """Log of 1 + the days since an id was first shown, which is never after the row itself."""
    for name, codes in wide.items():
        first = np.full(codes.kinds, np.inf)
        np.minimum.at(first, codes.code, day)
        if (first[codes.code[train]] > day.min()).any():  # else the age is the day itself, which training never reaches
            out.numbers[f"{name}_age"] = _standardised(np.log1p(day - first[codes.code]), train)


def _packed(out: _Collected, train: Array, past: Array) -> Encoded:
    rows = len(next(iter((out.ids or out.numbers).values())))
    ids = np.stack(list(out.ids.values()), axis=1) if out.ids else np.zeros((rows, 0), np.int32)
    numbers = np.stack(list(out.numbers.values()), axis=1) if out.numbers else np.zeros((rows, 0), np.float32)
    commonest = {name: int(np.bincount(values[train]).argmax()) for name, values in out.ids.items()}
    sizes = tuple(int(values.max()) + 1 for values in out.ids.values())
    return Encoded(ids, numbers, tuple(out.ids), sizes, tuple(out.numbers), commonest, past)
