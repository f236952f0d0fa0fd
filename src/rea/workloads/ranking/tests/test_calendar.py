"""Hour and weekday, from whatever tells the time."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ranker import metrics
from ranker.calendar import calendar
from ranker.columns import read_columns
from ranker.config import ConfigError, parse
from ranker.data import load

ROWS = 30_000


@pytest.fixture(scope="module")
def clicks():
    """A log whose clicks depend on hour and weekday alone: columns, with ``when`` in seconds."""
    rng = np.random.default_rng(0)
    when = np.sort(1_700_000_000 + rng.integers(0, 28 * 86_400, ROWS))
    moments = [datetime.fromtimestamp(each, UTC) for each in when.tolist()]
    hour, weekday = np.array([each.hour for each in moments]), np.array([each.weekday() for each in moments])
    logit = np.where(hour < 6, 1.5, -1.5) + np.where(weekday >= 5, 1.0, 0.0)
    return {
        "row_id": np.arange(ROWS),
        "click": (rng.random(ROWS) < 1 / (1 + np.exp(-logit))).astype(np.int8),
        "split": np.where(np.arange(ROWS) < 20_000, "train", np.where(np.arange(ROWS) < 24_000, "valid", "test")),
        "noise": rng.integers(0, 5, ROWS),
        "when": when,
    }, (hour, weekday)


def written(columns, path, kind):
    """The log with ``when`` as one kind of column."""
    seconds = columns["when"]
    forms = {
        "timestamp": lambda: pa.array(seconds, pa.timestamp("s")),
        "milliseconds": lambda: pa.array(seconds * 1000),
        "seconds": lambda: pa.array(seconds),
        "date": lambda: pa.array(seconds // 86_400, pa.int32()).cast(pa.date32()),
    }
    pq.write_table(pa.table(columns | {"when": forms[kind]()}), path)
    return path


NAMED = ("timestamp=when",)


@pytest.mark.parametrize(
    ("kind", "words"), [("timestamp", ()), ("milliseconds", NAMED), ("seconds", NAMED), ("timestamp", NAMED)]
)
def test_hour_and_weekday_are_those_of_the_calendar(clicks, tmp_path, kind, words):
    columns, (hour, weekday) = clicks
    config = parse(["time_features=calendar", *words])
    found = calendar(read_columns(written(columns, tmp_path / "log.parquet", kind), config), config)
    assert set(found) == {"when_hour", "when_weekday"}
    assert (found["when_hour"].values == hour).all() and (found["when_weekday"].values == weekday).all()
    fields = load(tmp_path / "log.parquet", config).fields
    assert {"when_hour", "when_weekday"} <= set(fields) and "when" not in fields


def test_a_date_has_no_hours(clicks, tmp_path):
    columns, (_, weekday) = clicks
    config = parse(["time_features=calendar"])
    found = calendar(read_columns(written(columns, tmp_path / "log.parquet", "date"), config), config)
    assert set(found) == {"when_weekday"} and (found["when_weekday"].values == weekday).all()


def test_the_numbers_of_days_tell_the_weekday(tiny):
    config = parse(["time_features=both"])
    data = load(tiny[0], config)
    assert "day_weekday" in data.fields and "user_age" in data.numeric
    place = data.fields.index("day_weekday")
    days = tiny[1]["day"][data.train.row_id] % 7
    assert len(set(zip(days.tolist(), data.train.ids[:, place].tolist(), strict=True))) == 7


def test_clicks_that_follow_the_clock_are_learned_with_it_and_not_without(clicks, tmp_path, trained):
    path = written(clicks[0], tmp_path / "log.parquet", "timestamp")
    ne = {}
    for kind in ("none", "calendar"):
        out, code = trained(
            path, f"time_features={kind}", "epochs=8", "learning_rate=0.005", "calibration=bias", name=kind
        )
        assert code == 0
        table = pq.read_table(out / "predictions.parquet")
        label = clicks[0]["click"][table["row_id"].to_numpy()].astype(float)
        ne[kind] = metrics.normalized_entropy(label, table["prediction"].to_numpy())
    assert ne["calendar"] < 0.85 and ne["none"] > 0.97


def test_where_nothing_tells_the_time_it_is_said(clicks, tmp_path):
    columns = {name: values for name, values in clicks[0].items() if name != "when"}
    pq.write_table(pa.table(columns), tmp_path / "log.parquet")
    for words in (["time_features=calendar"], ["timestamp=when"]):
        with pytest.raises(ConfigError, match=r"time_features=calendar needs|no such column"):
            load(tmp_path / "log.parquet", parse(words))
