"""What a log contains, as digests that do not depend on how it was written."""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rea.domain.ids import Digest
from rea.judge.columns import Column, plain
from rea.judge.rows import Ids, Labels


def column_digests(table: pa.Table) -> dict[str, str]:
    """Return the digest of each column's values in order: equal for equal values, whatever the chunks and the encoding."""
    return {name: _column(table[name]) for name in table.column_names}


def rows_digest(row_id: Ids, label: Labels) -> Digest:
    """Return the digest of a set of labelled rows: the order of the file, its other columns and its format do not matter."""
    lines = sorted(f"{name},{value}" for name, value in zip(row_id.tolist(), label.tolist(), strict=True))
    return Digest(hashlib.sha256("\n".join(lines).encode()).hexdigest())


def _column(column: Column) -> str:
    values = plain(column)
    found = hashlib.sha256(str(values.type).encode())
    for part in _parts(values.combine_chunks()):
        found.update(part)
    return found.hexdigest()


def _parts(values: "pa.Array[Any]") -> Iterator[bytes]:
    yield pc.is_null(values).to_numpy(zero_copy_only=False).tobytes()
    kind = values.type
    if isinstance(values, pa.ListArray | pa.LargeListArray):
        yield np.diff(values.offsets.to_numpy()).tobytes()
        yield from _parts(values.flatten())
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        yield values.drop_null().to_numpy(zero_copy_only=False).tobytes()
    else:
        coded = values.drop_null().cast(pa.large_string()).dictionary_encode()
        yield coded.indices.to_numpy(zero_copy_only=False).tobytes()
        yield "\0".join(map(str, coded.dictionary.to_pylist())).encode()
