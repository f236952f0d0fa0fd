"""Avazu mobile ads: ``train.csv`` (or ``train.gz``) of the Kaggle challenge, with its header.

``hour`` (YYMMDDHH) gives the time and so the split by time, ``day``, hour of the day and weekday; ``id`` is left out.
``user`` is the device id or, for the one that stands for none, device address and model, as is the custom.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ranker.config import ConfigError
from ranker.readers._text import WHOLE, WORD, Format, find, read_text

WORDS = (
    "site_id site_domain site_category app_id app_domain app_category device_id device_ip device_model".split()  # noqa: SIM905 - one line a column would be a page
)
NUMBERS = ["C1", "banner_pos", "device_type", "device_conn_type", *(f"C{n}" for n in range(14, 22))]
FORM = Format({"click": WHOLE, "hour": WORD} | dict.fromkeys(NUMBERS, WHOLE) | dict.fromkeys(WORDS, WORD))
NO_DEVICE = "a99f214a"


def read(source: Path) -> Iterator[pa.Table]:
    """Batches with label, time, user and the fields of the file."""
    for path in find(source, "train.csv", "train"):
        line = 2
        for batch in read_text(path, FORM):
            yield _named(batch.append_column("time", _seconds(batch["hour"], path, line)))
            line += batch.num_rows


def _named(batch: pa.Table) -> pa.Table:
    stand_in = pc.binary_join_element_wise(batch["device_ip"], batch["device_model"], "|")
    user = pc.if_else(pc.equal(batch["device_id"], NO_DEVICE), stand_in, batch["device_id"])
    plain = batch.drop_columns(["click", "hour"])
    return plain.append_column("label", batch["click"]).append_column("user", user)


def _seconds(hour: pa.ChunkedArray, path: Path, line: int) -> pa.Array:
    proper = pc.fill_null(pc.match_substring_regex(hour, r"^\d{8}$"), False).to_numpy()
    if not proper.all():
        at = int(np.argmin(proper))
        raise ConfigError(f"{path}, line {line + at}: hour {hour[at].as_py()!r} is not of the form YYMMDDHH")
    try:
        whole = pc.strptime(pc.binary_join_element_wise("20", hour, ""), format="%Y%m%d%H", unit="s")
    except pa.ArrowInvalid as error:
        raise ConfigError(f"{path}, after line {line}: {error}") from None
    return whole.cast(pa.int64()).combine_chunks()
