"""No training row's features know what comes later: rows of other splits, later days, labels that are withheld.

Each check changes the future and compares what a training row is encoded to; each is shown to be able to fail.
"""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ranker import data, features
from ranker.config import parse
from ranker.predict import logits_of

EVERY = (
    "count_features=rate",
    "time_features=age",
    "numeric_encoding=quantile",
    "min_frequency=2",
    "crosses=city*shop",
)
SETTINGS = [
    EVERY,
    ("numeric_encoding=standard", "count_features=impressions"),
    ("numeric_encoding=log",),
    ("hash_size=7",),
]


def log(rows=900, days=9, seed=0):
    """A log by days with words, whole numbers and missing values; 7 days train, one validates, one tests."""
    rng = np.random.default_rng(seed)
    day = np.sort(rng.integers(0, days, rows))
    price = rng.lognormal(size=rows)
    price[rng.random(rows) < 0.1] = np.nan
    city = np.array([f"c{n:02d}" for n in rng.integers(0, 25, rows)], dtype=object)
    city[rng.random(rows) < 0.1] = None
    return {
        "row_id": np.arange(rows),
        "split": np.where(day < days - 2, "train", np.where(day < days - 1, "valid", "test")),
        "day": day,
        "click": (rng.random(rows) < 0.3).astype(np.int8),
        "city": city,
        "shop": rng.integers(0, 60, rows),
        "price": price,
    }


def changed_future(columns):
    """The same log, but for all that validation and test rows hold: new ids, other numbers, other labels."""
    later = np.flatnonzero(columns["split"] != "train")
    new = {name: values.copy() for name, values in columns.items()}
    new["city"][later] = [f"{'abz'[n % 3]}{n}" for n in later]  # before, among and after the words of training rows
    new["shop"][later] = later * 7 - 900
    new["price"][later] = 1e6 + later
    new["click"][later] = 1 - new["click"][later]
    return new


def train_part(columns, path, *words):
    pq.write_table(pa.table(columns), path)
    return data.load(path, parse(words))


def same(first, second):
    """Whether training rows are encoded alike."""
    return (
        (first.fields, first.numeric) == (second.fields, second.numeric)
        and bool((first.train.ids == second.train.ids).all())
        and bool((first.train.numbers == second.train.numbers).all())
        and bool((first.train.weight == second.train.weight).all())
        and first.base_rate == second.base_rate
    )


def unmoved(tmp_path, words):
    columns = log()
    path = tmp_path / "log.parquet"
    return same(train_part(columns, path, *words), train_part(changed_future(columns), path, *words))


@pytest.mark.parametrize("words", SETTINGS, ids=lambda each: each[0])
def test_what_later_splits_hold_changes_no_training_feature(words, tmp_path):
    assert unmoved(tmp_path, words)


def with_every_row(function, place):
    """The same function, given all rows where it should be given the training rows: a planted leak."""

    def leaking(*given):
        everything = np.arange(len(given[0].code if hasattr(given[0], "code") else given[0]))
        return function(*given[:place], everything, *given[place + 1 :])

    return leaking


@pytest.mark.parametrize(
    ("name", "place", "words"),
    [
        ("_vocabulary", 1, ()),
        ("_standardised", 1, ()),
        ("_standardised", 1, ("numeric_encoding=log",)),
    ],
)
def test_a_planted_leak_through_vocabulary_or_scale_is_caught(name, place, words, tmp_path, monkeypatch):
    assert hasattr(features, name), "the leak is planted in a function that is gone: plant it in its successor"
    monkeypatch.setattr(features, name, with_every_row(getattr(features, name), place))
    assert not unmoved(tmp_path, words)


def past_of(columns, before):
    """Raw counts of training rows of days before ``before``."""
    train = np.flatnonzero(columns["split"] == "train")
    _, code = np.unique(columns["shop"], return_inverse=True)
    label, day = columns["click"].astype(float), columns["day"].astype(float)
    shown, clicked = features._past(features._Codes(code, code.max() + 1), (train, label, day))
    early = columns["day"] < before
    return shown[early], clicked[early]


def counts_unmoved():
    """Whether counts before day 4 stay as they are when clicks from day 4 on, or a row's own, change."""
    columns = log()
    turned = columns | {"click": np.where(columns["day"] >= 3, 1 - columns["click"], columns["click"])}
    pairs = zip(past_of(columns, 4), past_of(turned, 4), strict=True)
    return all((first == second).all() for first, second in pairs)


def test_what_later_days_and_a_row_s_own_day_hold_changes_no_count():
    assert counts_unmoved()


def test_a_planted_leak_of_the_same_day_is_caught(monkeypatch):
    honest = features._past

    def leaking(codes, known):
        train, label, day = known
        shown, clicked = honest(codes, (train, label, day))
        return shown, clicked + np.bincount(codes.code, label, minlength=codes.kinds)[codes.code]

    monkeypatch.setattr(features, "_past", leaking)
    assert not counts_unmoved()


HISTORY = ("history=4", "user=city", "item=shop")


def past_clicks_unmoved(tmp_path):
    """Whether the past of rows up to day 3 stays as it is when what was clicked from day 3 on changes."""
    columns = log()
    turned = columns | {"click": np.where(columns["day"] >= 3, 1 - columns["click"], columns["click"])}
    early = columns["day"][columns["split"] == "train"] <= 3
    first, second = (
        train_part(each, tmp_path / "log.parquet", *HISTORY).train.ids[early] for each in (columns, turned)
    )
    assert first.shape[1] == 2 + 4 and (first[:, 2:] > 0).any()
    return bool((first == second).all())


def test_a_candidate_attends_to_clicks_of_earlier_days_only(tmp_path):
    assert past_clicks_unmoved(tmp_path)
    assert unmoved(tmp_path, HISTORY)


def test_a_planted_look_at_the_same_day_is_caught(tmp_path, monkeypatch):
    honest = features._history

    def leaking(ids, codes, known, config):
        train, label, day = known
        return honest(ids, codes, (train, label, day // 2 * 2), config)  # two days are as one, and ...

    def later(ids, codes, known, config):
        train, label, day = known
        moved = day.copy()
        moved[train] = day[train] - label[train]  # ... a click counts as the day before it
        return honest(ids, codes, (train, label, moved), config)

    monkeypatch.setattr(features, "_history", leaking)
    assert past_clicks_unmoved(tmp_path)  # coarser days forget more and leak nothing
    monkeypatch.setattr(features, "_history", later)
    assert not past_clicks_unmoved(tmp_path)


def test_the_past_is_the_user_s_own_latest_first(tmp_path):
    columns = {
        "row_id": np.arange(6),
        "split": ["train"] * 5 + ["test"],
        "day": np.array([0, 1, 1, 2, 3, 4]),
        "click": np.array([1, 1, 0, 1, 0, 0]),
        "user": ["a", "a", "a", "b", "a", "a"],
        "ad": np.array([10, 11, 12, 10, 10, 12]),
    }
    loaded = train_part(columns, tmp_path / "log.parquet", "history=3")
    item = loaded.fields.index("ad")
    ids = dict(zip([10, 11, 12, 10, 10], loaded.train.ids[:, item].tolist(), strict=True))
    assert loaded.train.ids[4, 2:].tolist() == [ids[11], ids[10], 0]
    assert loaded.train.ids[1, 2:].tolist() == [ids[10], 0, 0]
    assert loaded.train.ids[3, 2:].tolist() == [0, 0, 0]
    assert loaded.test.ids[0, 2:].tolist() == [ids[11], ids[10], 0]


def test_validation_and_test_come_after_training_in_a_log_split_by_time():
    columns = log()
    last = {name: columns["day"][columns["split"] == name] for name in ("train", "valid", "test")}
    assert last["train"].max() < last["valid"].min() and last["valid"].max() < last["test"].min()


def test_ids_that_training_never_showed_are_one_unknown_and_finite(tmp_path):
    from ranker.checkpoint import build

    columns = changed_future(log())
    loaded = train_part(columns, tmp_path / "log.parquet")
    shop, city = (loaded.fields.index(name) for name in ("shop", "city"))
    assert not loaded.test.ids[:, city].any() and (loaded.test.ids[:, shop] == 0).float().mean() > 0.8
    assert loaded.train.ids.min() > 0
    scores = logits_of(build(parse([]), loaded, 1), replace_numbers(loaded.test), loaded.log_kept)
    assert np.isfinite(scores).all()


def replace_numbers(part):
    return replace(part, numbers=part.numbers.clamp(-10, 10))


@pytest.mark.filterwarnings("ignore:Mean of empty", "ignore:Degrees of freedom", "ignore:All-NaN")
@pytest.mark.parametrize("encoding", ["standard", "log", "quantile"])
def test_missing_and_infinite_values_are_trained_on_and_predicted(encoding, tmp_path, trained):
    columns = log()
    columns["price"][::50] = np.inf
    columns["empty"] = np.full(len(columns["day"]), np.nan)
    columns["shop"] = pa.array(columns["shop"], mask=columns["day"] % 3 == 0)
    pq.write_table(pa.table(columns), tmp_path / "log.parquet")
    out, code = trained(tmp_path / "log.parquet", f"numeric_encoding={encoding}")
    assert code == 0
    assert np.isfinite(pq.read_table(out / "predictions.parquet")["prediction"].to_numpy()).all()


def test_outcomes_truths_and_lists_are_never_features(tmp_path):
    columns = log()
    more = {"outcome_bought": columns["click"], "p_bayes": columns["price"], "history": [[1, 2]] * len(columns["day"])}
    loaded = train_part(columns | more, tmp_path / "log.parquet")
    assert set(loaded.fields + loaded.numeric) == {"city", "shop", "price"}
    assert train_part(columns | more, tmp_path / "log.parquet", "label=outcome_bought").base_rate == loaded.base_rate


def test_a_day_may_be_a_date(tmp_path):
    columns = log()
    dated = columns | {"day": pa.array(columns["day"] + 16_000, pa.int32()).cast(pa.date32())}
    words = ("count_features=rate", "recency_weighting=3")
    first, second = (train_part(each, tmp_path / "log.parquet", *words) for each in (columns, dated))
    assert same(first, second)
