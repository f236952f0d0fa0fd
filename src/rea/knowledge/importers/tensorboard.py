"""TensorBoard: every folder with event files is a run; its hyper-parameters are those of the HParams plugin. Needs no TensorBoard.

A scalar's metric is its last value. Runs without hyper-parameters say nothing of levers and are left out.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rea.domain.errors import UsageError
from rea.domain.lever import Scalar
from rea.knowledge.importing import wire
from rea.knowledge.importing.runs import Archive, Run, Status, seed_of, unreadable

PATTERN = "events.out.tfevents.*"
ENDED = {1: Status.FINISHED, 2: Status.FAILED}  # of the plugin: SUCCESS, FAILURE
FLOAT, DOUBLE = 1, 2  # of a tensor


@dataclass(slots=True)
class _Told:
    """What the events of one folder say."""

    hparams: dict[str, Scalar] = field(default_factory=dict)
    scalars: dict[str, float] = field(default_factory=dict)
    status: Status = Status.UNFINISHED
    first: float = 0.0
    last: float = 0.0


def read(place: str, experiment: str = "") -> Archive:
    """Return the runs of every folder at or below ``place``; ``experiment`` keeps those whose path holds it."""
    root = Path(place)
    folders = sorted({f.parent for f in root.glob(f"**/{PATTERN}")})
    if not folders:
        raise UsageError(f"there are no event files in {place}", "give TensorBoard's log directory")
    told = {f: _folder(f) for f in folders if experiment in str(f.relative_to(root))}
    runs = tuple(_run(str(f.relative_to(root)), x) for f, x in told.items() if x.hparams)
    bare = len(told) - len(runs)
    remarks = (f"{bare} of {len(told)} folders without hyper-parameters",) if bare else ()
    return Archive(runs=runs, remarks=remarks)


def _run(name: str, told: _Told) -> Run:
    return Run(
        id=name,
        parameters=told.hparams,
        metrics=told.scalars,
        status=told.status,
        seed=seed_of(told.hparams),
        at=datetime.fromtimestamp(told.last, UTC).isoformat(timespec="seconds") if told.last else "",
        seconds=told.last - told.first,
    )


def _folder(folder: Path) -> _Told:
    told = _Told()
    for path in sorted(folder.glob(PATTERN)):
        try:
            for event in wire.tfrecords(path):
                _take(event, told)
        except wire.Damaged as error:
            raise UsageError(unreadable(path, error), "nothing was imported; leave the damaged file out") from error
    return told


def _take(event: bytes, told: _Told) -> None:
    at = wire.real(event, 1) or 0.0
    told.first, told.last = min(told.first or at, at), max(told.last, at)
    for summary in wire.parts(event, 5):
        for value in wire.parts(summary, 1):
            tag = wire.text(value, 1)
            for plugin in _plugins(value):
                _hparams(plugin, told)
            number = _scalar(value)
            if number is not None and not tag.startswith("_hparams_"):
                told.scalars[tag] = number


def _plugins(value: bytes) -> Iterator[bytes]:
    """Yield the content of the HParams plugin in a value's metadata."""
    for metadata in wire.parts(value, 9):
        for plugin in wire.parts(metadata, 1):
            if wire.text(plugin, 1) == "hparams":
                yield from wire.parts(plugin, 2)


def _hparams(content: bytes, told: _Told) -> None:
    for start in wire.parts(content, 3):
        for entry in wire.parts(start, 1):
            for value in wire.parts(entry, 2):
                said = _value(value)
                if said is not None:
                    told.hparams[wire.text(entry, 1)] = said
    for end in wire.parts(content, 4):
        told.status = ENDED.get(wire.whole(end, 1), Status.UNFINISHED)


def _value(value: bytes) -> Scalar | None:
    """Return a google.protobuf.Value that is a number, a text or a truth."""
    for number, _ in wire.fields(value):
        if number == 2:
            return wire.real(value, 2)
        if number == 3:
            return wire.text(value, 3)
        if number == 4:
            return bool(wire.whole(value, 4))
    return None


def _scalar(value: bytes) -> float | None:
    """Return a scalar as the first version of summaries holds it, or the second, in a tensor."""
    plain = wire.real(value, 2)
    if plain is not None:
        return plain
    for tensor in wire.parts(value, 8):
        kind, raw = wire.whole(tensor, 1), wire.parts(tensor, 4)
        if raw and (kind, len(raw[-1])) in ((FLOAT, 4), (DOUBLE, 8)):
            return float(struct.unpack("<f" if kind == FLOAT else "<d", raw[-1])[0])
        for number, size, form in ((5, 4, "<f"), (6, 8, "<d")):
            for packed in wire.parts(tensor, number):
                if len(packed) == size:
                    return float(struct.unpack(form, packed)[0])
    return None
