"""Columns as arrays: what Arrow holds, however it is cut into chunks and written, and never another number."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rea.judge.columns import floats, whole_or_text

NUMBERS = st.one_of(st.none(), st.floats(allow_nan=True), st.integers(-(2**40), 2**40).map(float))
WHOLE = st.integers(-(2**63), 2**63 - 1)


def cut(values: list[Any], kind: pa.DataType, at: int) -> Any:
    """Return a column of two chunks, both parts of a longer array."""
    array = pa.array(values, type=kind)
    return pa.chunked_array([array[:at], array[at:]])


@given(st.lists(NUMBERS), st.integers(0, 9))
def test_floats_are_those_of_the_column_and_nan_where_missing(values: list[float | None], at: int) -> None:
    found = floats(cut(values, pa.float64(), at))
    assert found.dtype == np.float64
    assert np.array_equal(found, [math.nan if x is None else x for x in values], equal_nan=True)


@given(st.lists(WHOLE), st.integers(0, 9))
def test_whole_numbers_are_whole_also_as_text(values: list[int], at: int) -> None:
    for column in (cut(values, pa.int64(), at), cut([str(x) for x in values], pa.string(), at)):
        found = whole_or_text(column)
        assert found.dtype == np.int64 and found.tolist() == values


def test_other_types_that_hold_numbers() -> None:
    coded = pa.chunked_array([pa.array([0.5, None, 0.25, 0.5]).dictionary_encode()])
    assert np.array_equal(floats(coded), [0.5, math.nan, 0.25, 0.5], equal_nan=True)
    assert floats(pa.chunked_array([pa.array([True, None, False])])).tolist()[::2] == [1.0, 0.0]
    assert floats(pa.chunked_array([pa.array([1, 2], pa.uint8())])).tolist() == [1.0, 2.0]
    assert floats(pa.chunked_array([pa.array(["0.5"])])).tolist() == [0.5]
    with pytest.raises(pa.ArrowException):
        floats(pa.chunked_array([pa.array(["half"])]))


def test_text_stays_text() -> None:
    assert whole_or_text(pa.chunked_array([pa.array(["007", "8"])])).tolist() == ["007", "8"]
    assert whole_or_text(pa.chunked_array([pa.array(["a"]).dictionary_encode()])).tolist() == ["a"]


def test_a_missing_whole_number_is_an_error() -> None:
    with pytest.raises(pa.ArrowException):
        whole_or_text(pa.chunked_array([pa.array([1, None])]))
