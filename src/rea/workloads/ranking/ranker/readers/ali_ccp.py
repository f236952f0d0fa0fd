"""Ali-CCP: a folder with ``sample_skeleton_train.csv``, ``..._test.csv`` and the ``common_features_*.csv`` beside them.

Label: the click; ``outcome_buy``: the purchase, never a feature. The publisher's test rows are the later half of the
log and are test rows here; validation is the end of the training file. There is no time in the data, so no ``day``.
Of the fields those with one value a row are kept, as ``f101`` (the user, also ``user``) ... ``f301`` (the context);
the histories (109_14, 110_14, 127_14, 150_14) are not. Common features are held in memory, encoded, for one file at a time.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ranker.config import ConfigError
from ranker.readers._text import WHOLE, WORD, Format, Lookup, find, read_text

OF_USER = ("101", "121", "122", "124", "125", "126", "127", "128", "129")
OF_ROW = ("205", "206", "207", "210", "216", "508", "509", "702", "853", "301")
COMMON = Format({"key": WORD, "many": WHOLE, "features": WORD}, header=False)
SKELETON = Format(
    {"sample": WHOLE, "click": WHOLE, "buy": WHOLE, "key": WORD, "many": WHOLE, "features": WORD}, header=False
)


def read(source: Path) -> Iterator[pa.Table]:
    """Batches with label, given, user, one column a field, and outcome_buy."""
    for part in ("train", "test"):
        path = find(source, f"sample_skeleton_{part}.csv")[0]
        common = _common(find(path.parent, f"common_features_{part}.csv")[0])
        line = 1
        for batch in read_text(path, SKELETON):
            table = {"label": batch["click"], "outcome_buy": batch["buy"], "key": batch["key"]}
            table |= {"given": pa.array([part] * batch.num_rows)}
            joined = common.join(pa.table(table | _fields(batch, OF_ROW, path, line)), "key")
            line += batch.num_rows
            yield joined.drop_columns(["key"]).append_column("user", joined["f101"])


def _common(path: Path) -> Lookup:
    tables, line = [], 1
    for batch in read_text(path, COMMON):
        tables.append(pa.table({"key": batch["key"]} | _fields(batch, OF_USER, path, line)))
        line += batch.num_rows
    return Lookup(pa.concat_tables(tables), "key")


def _fields(batch: pa.Table, wanted: tuple[str, ...], path: Path, line: int) -> dict[str, pa.Array]:
    """The wanted fields of ``field \\x02 id \\x03 value \\x01 field ...``; the first where a field comes twice."""
    lists = pc.split_pattern(pc.fill_null(batch["features"].combine_chunks(), ""), "\x01")
    row = pc.list_parent_indices(lists).to_numpy()
    flat = pc.list_flatten(lists)
    parts = pc.extract_regex(flat, "^(?P<field>[^\x02]+)\x02(?P<id>[^\x03]+)\x03")
    broken = parts.is_null().to_numpy(zero_copy_only=False) & (pc.not_equal(flat, "").to_numpy(zero_copy_only=False))
    if broken.any():
        raise ConfigError(f"{path}, line {line + int(row[broken.argmax()])}: a feature that is not field, id and value")
    _check_counts(batch["many"], row[pc.not_equal(flat, "").to_numpy(zero_copy_only=False)], path, line)
    name, value = parts.field("field"), parts.field("id")
    return {f"f{each}": _one(name, value, row, (each, batch.num_rows)) for each in wanted}


def _check_counts(many: pa.ChunkedArray, row: np.ndarray, path: Path, line: int) -> None:
    said = many.to_numpy()
    counts = np.bincount(row, minlength=len(said))
    if (counts != said).any():
        at = int((counts != said).argmax())
        raise ConfigError(f"{path}, line {line + at}: {counts[at]} features where {said[at]} are announced")


def _one(name: pa.Array, value: pa.Array, row: np.ndarray, wanted: tuple[str, int]) -> pa.Array:
    field, rows = wanted
    found = np.flatnonzero(pc.fill_null(pc.equal(name, field), False).to_numpy(zero_copy_only=False))
    owner, first = np.unique(row[found], return_index=True)
    place = np.full(rows, -1)
    place[owner] = found[first]
    return value.take(pa.array(place, mask=place < 0))
