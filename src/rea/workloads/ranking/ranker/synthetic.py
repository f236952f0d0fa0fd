"""A click log with a known truth, in the shape of public ads logs: ``python -m ranker.synthetic --out FILE``.

Beside the fields it holds ``p_bayes``, the best probability that a learner of the training days could know. No
training code reads that column.
"""

import argparse
import difflib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ranker import aftermath
from ranker.config import ConfigError
from ranker.truth import (
    COUNTRIES,
    DEVICES,
    PLACEMENTS,
    POSITIONS,
    Floats,
    Ints,
    Rows,
    Setting,
    Unseen,
    World,
    draw_world,
    knowable_probability,
    settled,
    true_probability,
)

if TYPE_CHECKING:
    import pyarrow as pa

DEMO = Setting(rows=300_000, users=2_500, ads=500)
SETTINGS: dict[str, Setting] = {
    "tiny": replace(DEMO, rows=6_000, users=150, ads=40, campaigns=10),
    "demo": DEMO,
    # as hard as public ads logs: rows enough for the trainer's default to learn what a linear model cannot say
    "default": replace(
        DEMO,
        rows=1_000_000,
        users=600,
        ads=200,
        campaigns=30,
        affinity=0.6,
        crossed=0.05,
        third_order=0.08,
        numeric=0.05,
        fatigue=0.05,
        walk=0.02,
        noise=0.5,
        own_share=0.05,
        settled=True,
    ),
    "easy": replace(DEMO, context=2.0, affinity=0.1, crossed=0.1, own_share=0.05, fatigue=0.1, walk=0.0, noise=0.0),
    "hard": replace(DEMO, users=10_000, ads=1_500, campaigns=100, own_share=0.3, click_rate=0.05, noise=1.0),
}


def generate(setting: Setting, seed: int) -> dict[str, np.ndarray]:
    """One log, sorted by time: column name to array of ``setting.rows`` values."""
    rng = np.random.default_rng(seed)
    segment = rng.integers(0, setting.segments, setting.users)
    campaign = _campaign_of(setting, rng)
    launch = _launches(setting, rng)
    rows = _impressions(setting, rng, (segment, campaign, launch))
    extra = np.random.default_rng([seed, 1])  # so that what is off by default changes no other draw
    world = replace(draw_world(setting, segment, campaign, rng), shock=aftermath.shocks(setting, extra))
    world = _solved(setting, settled(setting, world, rows) if setting.settled else world, rows)
    click, more, clicked = _clicks(setting, world, rows, (rng, extra))
    best = knowable_probability(setting, world, rows, _unseen(setting, rows), rng, more=more)
    columns = _columns(setting, rows, click, best, rng)
    if setting.clicks_kept:
        columns["clicked"] = clicked
    if setting.conversion_rate:
        columns |= aftermath.conversions(setting, rows, click, best, extra)
    return columns


def _clicks(
    setting: Setting, world: World, rows: Rows, rngs: tuple[np.random.Generator, np.random.Generator]
) -> tuple[np.ndarray, Floats | float, Ints]:
    """Clicks, what a user's earlier clicks added to each logit, and those earlier clicks."""
    if not setting.clicks_kept:
        return rngs[0].random(setting.rows) < true_probability(setting, world, rows), 0.0, np.zeros(0, np.int64)
    click, clicked, share = aftermath.clicks(setting, world, rows, rngs[1])
    return click, setting.clicks_effect * share, clicked


def split_of(setting: Setting, day: Ints) -> np.ndarray:
    """The split of each day: by time only."""
    edges = [setting.train_days, setting.train_days + setting.valid_days]
    return np.array(["train", "valid", "test"])[np.digitize(day, edges)]


def _campaign_of(setting: Setting, rng: np.random.Generator) -> Ints:
    first = np.arange(setting.campaigns)
    rest = rng.integers(0, setting.campaigns, setting.ads - setting.campaigns)
    return rng.permutation(np.concatenate([first, rest]))


def _launches(setting: Setting, rng: np.random.Generator) -> Floats:
    return rng.uniform(-setting.history, setting.days, setting.ads)


def _impressions(setting: Setting, rng: np.random.Generator, world: tuple[Ints, Ints, Floats]) -> Rows:
    segment, campaign, launch = world
    time = _times(setting, rng)
    day, hour = time.astype(np.int64), ((time % 1.0) * 24).astype(np.int64)
    arrival = np.where(rng.random(setting.users) < 0.6, 0.0, rng.uniform(0, setting.days, setting.users))
    activity = rng.lognormal(sigma=1.0, size=setting.users)
    user = _present(rng, activity, (arrival, np.full(setting.users, np.inf)), time)
    popularity = rng.permutation(1.0 / np.arange(1, setting.ads + 1) ** setting.popularity)
    ad = _present(rng, popularity, (launch, launch + rng.exponential(20.0, setting.ads)), time)
    home = rng.integers(0, COUNTRIES, setting.users)
    return Rows(
        day=day,
        hour=hour,
        weekday=day % 7,
        user=user,
        ad=ad,
        placement=rng.integers(0, PLACEMENTS, setting.rows),
        device=rng.integers(0, DEVICES, setting.rows),
        country=home[user],
        position=1 + rng.integers(0, POSITIONS, setting.rows),
        bid=rng.lognormal(mean=0.5, sigma=1.2, size=setting.rows),
        phase=rng.random(setting.rows),
        segment=segment[user],
        campaign=campaign[ad],
        age=np.maximum(time - launch[ad], 0.0),
    )


def _times(setting: Setting, rng: np.random.Generator) -> Floats:
    busy = 1.0 + 0.25 * np.cos(2 * np.pi * (np.arange(setting.days * 24) / 24 - 0.8))
    busy *= 1.0 + 0.15 * np.cos(2 * np.pi * np.arange(setting.days * 24) / (24 * 7))
    slot = rng.choice(len(busy), setting.rows, p=busy / busy.sum())
    return np.sort((slot + rng.random(setting.rows)) / 24)


def _present(rng: np.random.Generator, weight: Floats, life: tuple[Floats, Floats], time: Floats) -> Ints:
    """Draw one id a row by weight among those alive at its time: redraw those who are not, a few times over."""
    start, end = life
    cumulative = np.cumsum(weight) / weight.sum()
    drawn = np.zeros(len(time), dtype=np.int64)
    todo = np.arange(len(time))
    while len(todo):
        drawn[todo] = np.minimum(np.searchsorted(cumulative, rng.random(len(todo))), len(weight) - 1)
        todo = todo[(start[drawn[todo]] > time[todo]) | (end[drawn[todo]] < time[todo])]
    return drawn


def _solved(setting: Setting, world: World, rows: Rows) -> World:
    """The world whose click rate is the wanted one: bisection on the intercept."""
    low, high = -12.0, 6.0
    for _ in range(18):
        middle = (low + high) / 2
        rate = true_probability(setting, replace(world, intercept=middle), _sample(rows)).mean()
        low, high = (middle, high) if rate < setting.click_rate else (low, middle)
    return replace(world, intercept=(low + high) / 2)


def _sample(rows: Rows, size: int = 8_000) -> Rows:
    step = max(1, len(rows.day) // size)
    return Rows(*(getattr(rows, name)[::step] for name in Rows.__slots__))


def _unseen(setting: Setting, rows: Rows) -> Unseen:
    train = rows.day < setting.train_days
    return Unseen(~np.isin(rows.user, rows.user[train]), ~np.isin(rows.ad, rows.ad[train]))


def _columns(
    setting: Setting, rows: Rows, click: np.ndarray, best: Floats, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    copied = rng.permutation(setting.campaigns)
    return {
        "row_id": np.arange(setting.rows),
        "split": split_of(setting, rows.day),
        "day": rows.day,
        "click": click.astype(np.int8),
        "user": rows.user,
        "segment": rows.segment,
        "country": np.array([f"c{i:02d}" for i in range(COUNTRIES)])[rows.country],
        "ad": rows.ad,
        "campaign": rows.campaign,
        "advertiser": copied[rows.campaign],  # the campaign under another name
        "placement": np.array([f"slot{i}" for i in range(PLACEMENTS)])[rows.placement],
        "device": np.array(["phone", "tablet", "desktop", "tv"])[rows.device],
        "hour": rows.hour,
        "weekday": rows.weekday,
        "position": rows.position,
        "bid": rows.bid,
        "phase": rows.phase,
        "session": rng.integers(0, setting.users, setting.rows),  # noise: tells nothing
        "p_bayes": best,
    }


def write(columns: dict[str, np.ndarray], path: Path) -> None:
    """Write a log as Parquet, whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".tmp")
    whole = {name: _lists(values) if values.ndim == 2 else values for name, values in columns.items()}
    pq.write_table(pa.table(whole), partial, compression="zstd", row_group_size=1 << 16)
    partial.replace(path)


def _lists(values: np.ndarray) -> "pa.ListArray":
    """Rows of a matrix as lists, without the -1 that stand for nothing."""
    import pyarrow as pa

    there = values >= 0
    ends = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(values[there], pa.int32()))


def changed(setting: Setting, words: Sequence[str]) -> Setting:
    """The setting with some ``name=value`` changed. Raises ConfigError."""
    for word in words:
        name, _, text = word.partition("=")
        if name not in Setting.__slots__:
            near = difflib.get_close_matches(name, Setting.__slots__, n=1, cutoff=0.0)
            raise ConfigError(f"there is no setting {name!r}; the nearest is {near[0]!r}")
        try:
            setting = replace(setting, **{name: type(getattr(setting, name))(text)})
        except ValueError:
            raise ConfigError(f"{word}: not a {type(getattr(setting, name)).__name__}") from None
    return setting


def main(argv: list[str] | None = None) -> int:
    """Write one log; prints its size and click rate."""
    parser = argparse.ArgumentParser(prog="python -m ranker.synthetic", description="Write a synthetic click log.")
    parser.add_argument("--setting", choices=sorted(SETTINGS), default="demo")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "changes", nargs="*", metavar="name=value", help="such as click_rate=0.05 walk=0.1 rows=1000000"
    )
    given = parser.parse_intermixed_args(argv)
    try:
        columns = generate(changed(SETTINGS[given.setting], given.changes), given.seed)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write(columns, given.out)
    print(f"{given.out}: {len(columns['click'])} rows, click rate {columns['click'].mean():.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
