"""Hour and weekday as id fields, from dates and times, from a column of seconds, or the weekday from the numbers of days."""

import numpy as np

from ranker.columns import Column
from ranker.config import Config, ConfigError

DAY, MONDAY = 86_400, 3  # 1970-01-01 was a Thursday
MISSING = -1
MILLISECONDS = 1e11  # seconds reach this in the year 5138


def calendar(columns: dict[str, Column], config: Config) -> dict[str, Column]:
    """New fields by name; takes ``timestamp`` out of ``columns``. Raises ConfigError where nothing tells the time."""
    asked = config.time_features in ("calendar", "both")
    if config.timestamp and config.timestamp not in columns:
        raise ConfigError(f"timestamp={config.timestamp}: no such column; there are {', '.join(columns)}")
    clocks = {name: each.seconds for name, each in columns.items() if each.seconds is not None}
    if config.timestamp:
        clocks[config.timestamp] = _seconds(columns.pop(config.timestamp))
    if not asked:
        return {}
    found = {name: each for clock, seconds in clocks.items() for name, each in _fields(clock, seconds).items()}
    if not clocks and config.day in columns:
        found[f"{config.day}_weekday"] = _ids(columns[config.day].numbers() % 7)
    if not found:
        raise ConfigError(
            f"time_features={config.time_features} needs a date, a time, timestamp=COLUMN, or {config.day!r}"
        )
    return found


def _seconds(column: Column) -> np.ndarray:
    values = column.numbers() if column.seconds is None else column.seconds
    return values / 1000.0 if len(values) and np.nanmax(values) > MILLISECONDS else values


def _fields(name: str, seconds: np.ndarray) -> dict[str, Column]:
    """Dates have no hours, so a column whose times are all midnight has a weekday alone."""
    found = {f"{name}_weekday": _ids((seconds // DAY + MONDAY) % 7)}
    if np.any(seconds % DAY > 0):
        found[f"{name}_hour"] = _ids(seconds % DAY // 3600)
    return found


def _ids(values: np.ndarray) -> Column:
    return Column(np.where(np.isnan(values), MISSING, values).astype(np.int64), None, numeric=False)
