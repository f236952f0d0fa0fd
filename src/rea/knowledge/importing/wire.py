"""Reading two simple binary formats without the tools that write them: protocol buffers' wire format, and framed records."""

import struct
from collections.abc import Iterator
from pathlib import Path

from rea.domain.errors import UsageError
from rea.knowledge.importing.runs import unreadable

Field = tuple[int, int | bytes]
BLOCK, HEADER = 32768, 7
LONGEST = 1 << 28  # bytes of one record; more is taken for damage


class Damaged(ValueError):
    """The bytes are not what the format asks for."""


def fields(message: bytes) -> Iterator[Field]:
    """Yield each field's number and value: a whole number, or bytes (also of fixed-size numbers). Raises Damaged."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == 2:
            length, at = _varint(message, at)
        else:
            length = {1: 8, 5: 4}.get(kind, -1)
        if length < 0 or at + length > len(message):
            raise Damaged(f"a field of kind {kind} goes beyond its message")
        yield number, message[at : at + length]
        at += length


def parts(message: bytes, number: int) -> list[bytes]:
    """Return the bytes of every field with this number."""
    return [value for n, value in fields(message) if n == number and isinstance(value, bytes)]


def text(message: bytes, number: int) -> str:
    """Return the last text with this number, or nothing."""
    return ([""] + [p.decode("utf-8", "replace") for p in parts(message, number)])[-1]


def whole(message: bytes, number: int) -> int:
    """Return the last whole number with this number, or 0."""
    return ([0] + [value for n, value in fields(message) if n == number and isinstance(value, int)])[-1]


def real(message: bytes, number: int) -> float | None:
    """Return the last float or double with this number."""
    found = [p for p in parts(message, number) if len(p) in (4, 8)]
    return float(struct.unpack("<d" if len(found[-1]) == 8 else "<f", found[-1])[0]) if found else None


def tfrecords(path: Path) -> Iterator[bytes]:
    """Yield the records of a TFRecord file; one that is still being written ends early. Checksums are not checked.

    Raises:
        UsageError: it is no such file.
    """
    with path.open("rb") as file:
        while len(head := file.read(12)) == 12:
            (length,) = struct.unpack("<Q", head[:8])
            if length > LONGEST:
                raise UsageError(
                    unreadable(path, f"a record of {length} bytes"),
                    "give the folder of event files as they were written",
                )
            body = file.read(length + 4)
            if len(body) < length + 4:
                return
            yield body[:length]


def log_records(path: Path) -> Iterator[bytes]:
    """Yield the records of a LevelDB log, as W&B writes its .wandb files after a header of seven bytes. Checksums are not checked.

    Raises:
        UsageError: it is no such file.
    """
    data = path.read_bytes()
    if data[:4] != b":W&B":
        raise UsageError(
            unreadable(path, "it does not begin as a .wandb file"), "give the run's folder as W&B wrote it"
        )
    at, begun = HEADER, b""
    while at + HEADER <= len(data):
        room = BLOCK - at % BLOCK
        if room < HEADER:
            at += room
            continue
        length, kind = struct.unpack("<HB", data[at + 4 : at + HEADER])
        body, at = data[at + HEADER : at + HEADER + length], at + HEADER + length
        if len(body) < length or kind not in (1, 2, 3, 4):
            return
        begun = body if kind in (1, 2) else begun + body
        if kind in (1, 4):
            yield begun


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:
        byte, at = message[at], at + 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise Damaged("a number has no end")
