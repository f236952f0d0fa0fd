"""Columns of a table as plain arrays."""

from typing import Any, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from rea.judge.rows import Coded, Floats, Ids

Column: TypeAlias = "pa.ChunkedArray[Any]"
Number = TypeVar("Number", np.int64, np.float64)


def plain(column: Column) -> Column:
    """Return the column's values where it is a dictionary of values."""
    return pc.cast(column, column.type.value_type) if isinstance(column.type, pa.DictionaryType) else column


def floats(column: Column) -> Floats:
    """Return numbers, NaN where a value is missing. Raises ArrowException where they are not numbers."""
    values = plain(column)
    values = values.cast(pa.int8()) if pa.types.is_boolean(values.type) else values
    numbers = values.cast(pa.float64())
    if numbers.null_count:
        return np.concatenate([chunk.to_numpy(zero_copy_only=False) for chunk in numbers.chunks])
    return _joined(numbers, np.float64)


def whole_or_text(column: Column) -> Ids:
    """Return int64 for whole numbers, also where written as text; text for anything else. None may be missing (of numbers: ArrowException)."""
    values = plain(column)
    if pa.types.is_integer(values.type):
        return _joined(values.cast(pa.int64()), np.int64)
    text = values.cast(pa.string())
    try:
        whole = text.cast(pa.int64())
    except pa.ArrowInvalid:
        whole = None
    same = whole is not None and whole.cast(pa.string()).equals(text)  # "007" is not 7
    return _joined(whole, np.int64) if whole is not None and same else np.asarray(text.to_numpy()).astype(str)


def _joined(numbers: Column, kind: type[Number]) -> NDArray[Number]:
    """Return numbers, none of them missing, by DLPack: Arrow's own way loads pandas where that is installed, which takes longer than to judge."""
    if numbers.null_count:
        raise pa.ArrowInvalid(f"{numbers.null_count} values are missing")
    return np.concatenate([np.empty(0, kind), *map(np.from_dlpack, numbers.chunks)])


def coded(column: Column, missing: str = "(missing)") -> Coded:
    """Return a column as codes in order of appearance; missing values are a value of their own."""
    found = plain(column).cast(pa.string()).combine_chunks().dictionary_encode()
    names = np.array([*map(str, found.dictionary.to_pylist()), missing])
    codes = np.nan_to_num(found.indices.to_numpy(zero_copy_only=False), nan=len(names) - 1)
    return Coded(codes.astype(np.int64), names)
