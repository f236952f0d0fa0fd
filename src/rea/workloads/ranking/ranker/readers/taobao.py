"""Taobao's ``UserBehavior.csv`` (user, item, category, behaviour, seconds; no header).

Label: the event is a purchase (``buy``) and no page view, basket or favourite; the behaviour itself is left out.
Split by time on the clock of China. The log is of 25 November to 3 December 2017; the few rows it dates elsewhere are
left out, and counted on standard error.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ranker.config import ConfigError
from ranker.readers._text import WHOLE, WORD, Format, find, read_text

FORM = Format({"user": WHOLE, "item": WHOLE, "category": WHOLE, "behaviour": WORD, "time": WHOLE}, header=False)
KINDS = ("pv", "buy", "cart", "fav")
CHINA = 8 * 3_600
FIRST, END = 1_511_568_000, 1_512_345_600  # 25 November and 4 December 2017, midnight on that clock


def read(source: Path) -> Iterator[pa.Table]:
    """Batches with label, time, user, item and category."""
    left_out = 0
    for path in find(source, "UserBehavior.csv"):
        line = 1
        for batch in read_text(path, FORM):
            _check(batch, path, line)
            line += batch.num_rows
            batch = batch.set_column(4, "time", pc.add(batch["time"], CHINA))
            inside = pc.and_(pc.greater_equal(batch["time"], FIRST), pc.less(batch["time"], END))
            kept = batch.filter(inside)
            left_out += batch.num_rows - kept.num_rows
            label = pc.cast(pc.equal(kept["behaviour"], "buy"), pa.int8())
            yield kept.drop_columns(["behaviour"]).append_column("label", label)
    if left_out:
        print(f"{left_out} rows dated outside 25 November to 3 December 2017 left out", file=sys.stderr)


def _check(batch: pa.Table, path: Path, line: int) -> None:
    known = pc.is_in(batch["behaviour"], value_set=pa.array(KINDS)).to_numpy()
    if not known.all():
        at = int(known.argmin())
        word = batch["behaviour"][at].as_py()
        raise ConfigError(f"{path}, line {line + at}: behaviour {word!r} is none of {', '.join(KINDS)}")
