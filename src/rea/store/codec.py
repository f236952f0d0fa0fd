"""Events and insights as canonical JSON and back. What could not be read back is refused before it is written."""

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import TypeVar, get_args

import msgspec

from rea.domain.errors import IntegrityError, StoreError
from rea.domain.event import Event, Recorded
from rea.domain.insight import Insight

VERSION = 4
"""Of the format: raised whenever an event gains a kind or a field, so that no older program drops what it does not know."""

KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}

T = TypeVar("T")
_encoder = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event as it is stored: ``payload`` is canonical JSON, ``v`` the version of the format it is written in."""

    key: str
    kind: str
    payload: bytes
    v: int = VERSION


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the public export: an event where it stands in its journal."""

    v: int
    seq: int
    at: str
    key: str
    kind: str
    event: msgspec.Raw


def encode(event: Event) -> Entry:
    """Return ``event`` as it is stored.

    Raises:
        StoreError: it could not be read back as it is, such as for a number that is not finite.
    """
    kind = type(event).__name__
    if KINDS.get(kind) is not type(event):
        raise StoreError(f"{kind} is not a kind of event", "record one of " + ", ".join(sorted(KINDS)))
    return Entry(key=event.key, kind=kind, payload=_encode(event, type(event)))


def decode(entry: Entry) -> Event:
    """Return the event that ``entry`` holds.

    Raises:
        StoreError: a newer program wrote it.
        IntegrityError: it is not an event of its kind.
    """
    _readable(entry.kind, entry.v)
    return _decode(entry.payload, KINDS[entry.kind])


def encode_insight(insight: Insight) -> bytes:
    """Return ``insight`` as canonical JSON. Raises StoreError when it could not be read back as it is."""
    return _encode(insight, Insight)


def decode_insight(payload: bytes, v: int = VERSION) -> Insight:
    """Return the insight that ``payload`` holds. Raises StoreError when a newer program wrote it, else IntegrityError."""
    _readable("Insight", v)
    return _decode(payload, Insight)


def to_jsonl(recorded: Iterable[Recorded]) -> Iterator[bytes]:
    """Yield one line of JSON an event: ``{"v", "seq", "at", "key", "kind", "event"}``."""
    for record in recorded:
        entry = encode(record.event)
        raw = msgspec.Raw(entry.payload)
        yield _encoder.encode(Line(entry.v, record.seq, record.at, record.key, entry.kind, raw)) + b"\n"


def from_jsonl(lines: Iterable[bytes]) -> Iterator[Recorded]:
    """Yield what ``to_jsonl`` was given.

    Raises:
        StoreError: a newer program wrote it.
        IntegrityError: a line is not an event, has a field that no event has, or is out of order.
    """
    for seq, line in enumerate(lines, start=1):
        read = parse(line, Line, f"line {seq}")
        event = decode(Entry(key=read.key, kind=read.kind, payload=bytes(read.event), v=read.v))
        if (read.seq, read.key) != (seq, event.key):
            raise IntegrityError(
                f"line {seq} should hold event {seq}, {event.key!r}; it says {read.seq}, {read.key!r}", _RESTORE
            )
        if read.v == VERSION and not _same_json(bytes(read.event), encode(event).payload):
            raise IntegrityError(f"line {seq} says more than a {read.kind} of version {VERSION} can hold", _RESTORE)
        yield Recorded(seq=seq, at=read.at, key=read.key, event=event)


def _same_json(first: bytes, second: bytes) -> bool:
    return first == second or bool(msgspec.json.decode(first) == msgspec.json.decode(second))


def parse(payload: bytes, kind: type[T], where: str) -> T:
    """Return ``payload`` read as ``kind``. Raises IntegrityError, naming ``where``, when it is something else."""
    try:
        return msgspec.json.decode(payload, type=kind)
    except msgspec.MsgspecError as error:
        raise IntegrityError(f"{where} cannot be read: {error}", _RESTORE) from error


def sha256(payload: bytes | str) -> str:
    """Return the digest of stored bytes; who edits a database by hand may leave text in their place."""
    return hashlib.sha256(payload if isinstance(payload, bytes) else payload.encode()).hexdigest()


_RESTORE = "restore the file from a backup, or export it again"


def _encode(value: T, kind: type[T]) -> bytes:
    name = kind.__name__
    try:
        payload = _encoder.encode(value)
        same = msgspec.json.decode(payload, type=kind) == value
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
        raise StoreError(_why_not(name, value) or f"{name} has no JSON form: {error}", _FIX) from error
    if not same:
        raise StoreError(_why_not(name, value) or f"{name} would not be read back as it was written", _FIX)
    return payload


_FIX = "nothing was written; give every field a value of its declared type, and finite numbers only"


def _decode(payload: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(payload, type=kind)
    except msgspec.MsgspecError as error:
        raise IntegrityError(f"what is stored is not a {kind.__name__}: {error}", _RESTORE) from error


def _readable(kind: str, v: int) -> None:
    if v > VERSION:
        raise StoreError(
            f"{kind} was written by a newer version (format {v}; this program reads up to {VERSION})", "upgrade rea"
        )
    if kind not in KINDS and kind != "Insight":
        raise IntegrityError(f"format {v} knows no kind {kind!r}", _RESTORE)


def _why_not(path: str, value: object) -> str:
    """Return where in ``value`` a number is not finite, or nothing."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{path} is {value}, which is not a finite number"
    if is_dataclass(value) and not isinstance(value, type):
        parts = ((f"{path}.{f.name}", getattr(value, f.name)) for f in fields(value))
    elif isinstance(value, list | tuple):
        parts = ((f"{path}[{i}]", part) for i, part in enumerate(value))
    else:
        return ""
    return next((found for name, part in parts if (found := _why_not(name, part))), "")
