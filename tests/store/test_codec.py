"""Every kind of event survives the way to JSON and back; nothing else is written or read."""

from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rea.domain import event as e
from rea.domain.change import Change, Patch, change
from rea.domain.errors import IntegrityError, StoreError
from rea.domain.ids import Digest, JobId
from rea.domain.lever import Scalar
from rea.store import codec
from rea.store.codec import Entry
from rea.testing.conformance_journal import ended, granted, note, opened, reserved

finite = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(codec="utf-8"), max_size=8)
whole = st.integers(-(2**63), 2**63 - 1)


def _events() -> st.SearchStrategy[e.Event]:
    """Every kind, made from its type hints, so that a new one is tested on the day it appears."""
    st.register_type_strategy(float, finite)
    st.register_type_strategy(str, texts)
    st.register_type_strategy(int, whole)
    st.register_type_strategy(tuple, lambda kind: _tuples(get_args(kind)))
    return st.one_of([st.from_type(kind) for kind in codec.KINDS.values()])


def _tuples(parts: tuple[Any, ...]) -> st.SearchStrategy[tuple[object, ...]]:
    if len(parts) == 2 and parts[1] is Ellipsis:
        return st.lists(st.from_type(parts[0]), max_size=2).map(tuple)
    return st.tuples(*map(st.from_type, parts))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(event=_events())
def test_every_event_is_read_back_as_it_was(event: e.Event) -> None:
    entry = codec.encode(event)
    assert codec.decode(entry) == event
    assert codec.encode(codec.decode(entry)) == entry


def test_every_kind_of_event_is_known() -> None:
    assert set(codec.KINDS.values()) == set(get_args(e.Event))


@pytest.mark.parametrize("value", [True, False, 1, 0, -3, 1.0, 0.1, 1e300, 5e-324, "", "a", "1", "true", 2**53 + 1])
def test_a_lever_keeps_its_value_and_its_type(value: Scalar) -> None:
    event = e.JobReserved(job=replace(reserved(0, 1).job, change=change(x=value)))
    back = codec.decode(codec.encode(event))
    assert isinstance(back, e.JobReserved)
    kept = back.job.change.value("x", "absent")
    assert kept == value and type(kept) is type(value)


def test_canonical_means_one_spelling() -> None:
    patches = (Patch(digest=Digest("b"), paths=("p",)), Patch(digest=Digest("a"), paths=("q",)))
    one = Change(overrides=(("b", 1), ("a", 2)), patches=patches)
    other = Change(overrides=(("a", 2), ("b", 1)), patches=patches[::-1])
    first, second = (codec.encode(e.JobReserved(job=replace(reserved(0, 1).job, change=c))) for c in (one, other))
    assert first == second
    assert b" " not in first.payload


@pytest.mark.parametrize(
    "bad",
    [
        e.JobSubmitted(job=JobId("j"), handle=7),  # type: ignore[arg-type]
        e.InsightsRecorded(names=[Digest("d")]),  # type: ignore[arg-type]
        e.JobSubmitted(job=JobId("j"), handle="\ud800"),
        replace(ended(0, 1), cost_ms=1.5),  # type: ignore[arg-type]
    ],
)
def test_what_could_not_be_read_back_is_refused(bad: e.Event) -> None:
    with pytest.raises(StoreError, match=r"JSON form|read back") as caught:
        codec.encode(bad)
    assert "nothing was written" in caught.value.hint


def test_a_newer_version_is_named_and_not_guessed_at() -> None:
    with pytest.raises(StoreError, match=f"Dreamt .*format {codec.VERSION + 1}") as caught:
        codec.decode(Entry(key="k", kind="Dreamt", payload=b"{}", v=codec.VERSION + 1))
    assert caught.value.hint == "upgrade rea"


@pytest.mark.parametrize(
    "entry",
    [
        Entry(key="k", kind="Dreamt", payload=b"{}"),
        Entry(key="stopped", kind="Stopped", payload=b'{"by":"a"}'),
        Entry(key="stopped", kind="Stopped", payload=b"{"),
        Entry(key="stopped", kind="Stopped", payload=b'{"by":1,"reason":"","command":"1"}'),
    ],
)
def test_what_is_no_event_is_not_read(entry: Entry) -> None:
    with pytest.raises(IntegrityError):
        codec.decode(entry)


EVENTS = [*granted(100), reserved(0, 40), note("ä\n"), ended(0, 30), opened(1)]
RECORDED = [
    e.Recorded(seq=seq, at="2026-01-01T00:00:00+00:00", key=event.key, event=event)
    for seq, event in enumerate(EVENTS, start=1)
]


def test_lines_are_read_back() -> None:
    lines = list(codec.to_jsonl(RECORDED))
    assert all(line.count(b"\n") == 1 for line in lines)
    assert list(codec.from_jsonl(lines)) == RECORDED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"held_ms":40', b'"held_ms":40,"bonus":1'),
        (b'"kind":"JobReserved"', b'"kind":"JobSubmitted"'),
        (b'"seq":3', b'"seq":4'),
        (b'"key":"job:', b'"key":"jobs:'),
        (f'"v":{codec.VERSION}'.encode(), f'"v":{codec.VERSION},"w":1'.encode()),
        (b'"held_ms":40', b'"held_ms":NaN'),
    ],
)
def test_lines_that_say_something_else_are_refused(old: bytes, new: bytes) -> None:
    lines = list(codec.to_jsonl(RECORDED))
    assert old in lines[2]
    lines[2] = lines[2].replace(old, new)
    with pytest.raises(IntegrityError):
        list(codec.from_jsonl(lines))


def test_a_missing_line_is_named() -> None:
    lines = list(codec.to_jsonl(RECORDED))
    with pytest.raises(IntegrityError, match="line 2 should hold event 2"):
        list(codec.from_jsonl(lines[:1] + lines[2:]))
