"""Criteo display ads: ``train.txt`` of the Kaggle challenge, or the folder with ``day_0`` to ``day_23`` of the 1 TB logs.

Text with tabs, no header: click, 13 counts (I1-I13, read as numbers), 26 hashed words (C1-C26); ``.gz`` as it is.
Rows stand in the order of time but carry none, so the split follows that order. ``day`` is the file's for the 1 TB
logs; the Kaggle file spans 7 days, and ``day`` is the seventh of its rows, which is near and no more. There is no user.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from ranker.readers._text import REAL, WHOLE, WORD, Format, find, read_text

COUNTS, WORDS = [f"I{n}" for n in range(1, 14)], [f"C{n}" for n in range(1, 27)]
FORM = Format({"label": WHOLE} | dict.fromkeys(COUNTS, REAL) | dict.fromkeys(WORDS, WORD), delimiter="\t", header=False)
KAGGLE_DAYS = 7


def read(source: Path) -> Iterator[pa.Table]:
    """Batches with label, day, I1-I13, C1-C26."""
    files = sorted(find(source, "train.txt", "day_*"), key=_day_of)
    for path in files:
        yield from _kaggle(path) if _day_of(path) < 0 else _one_day(path)


def _day_of(path: Path) -> int:
    found = re.match(r"day_(\d+)", path.name)
    return int(found[1]) if found else -1


def _one_day(path: Path) -> Iterator[pa.Table]:
    for batch in read_text(path, FORM):
        yield batch.append_column("day", pa.array(np.full(batch.num_rows, _day_of(path), np.int32)))


def _kaggle(path: Path) -> Iterator[pa.Table]:
    rows, start = _lines(path), 0
    for batch in read_text(path, FORM):
        place = np.arange(start, start + batch.num_rows)
        start += batch.num_rows
        yield batch.append_column("day", pa.array((place * KAGGLE_DAYS // max(rows, start)).astype(np.int32)))


def _lines(path: Path) -> int:
    with pa.input_stream(path, compression="detect") as stream:
        count, last = 0, b"\n"
        while block := stream.read(1 << 20):
            count, last = count + block.count(b"\n"), block[-1:]
    return count + (last != b"\n")
