"""Levers that a patch declares, in a word each: ``NAME`` (a switch), ``NAME=OFF:ON`` or ``NAME=OFF:ON:LOW:HIGH``. Pure."""

import re

from rea.domain.errors import UsageError
from rea.domain.lever import Lever, LeverType, Role, Scalar

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,63}")
_HOW = "write NAME (a switch), NAME=OFF:ON, or NAME=OFF:ON:LOW:HIGH"


def declared(word: str) -> tuple[Lever, Scalar]:
    """Return a lever and the value that turns it on from ``NAME``, ``NAME=OFF:ON`` or ``NAME=OFF:ON:LOW:HIGH``.

    Raises:
        UsageError: it is none of these.
    """
    name, sign, text = word.partition("=")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{word!r} declares no lever", _HOW)
    if not sign:
        return Lever(name=name, type=LeverType.BOOL, role=Role.OTHER, default=False), True
    parts = text.split(":")
    numbers = [_number(part) for part in parts]
    if len(parts) == 2 and None in numbers:
        return Lever(name=name, type=LeverType.CHOICE, role=Role.OTHER, default=parts[0], choices=tuple(parts)), parts[
            1
        ]
    known = [n for n in numbers if n is not None]
    if len(parts) not in (2, 4) or len(known) != len(parts) or known[0] == known[1]:
        raise UsageError(f"{word!r} declares no lever", _HOW)
    return _numeric(name, known)


def _numeric(name: str, known: list[int | float]) -> tuple[Lever, Scalar]:
    kind = LeverType.INT if all(isinstance(n, int) for n in known) else LeverType.FLOAT
    values = known if kind is LeverType.INT else [float(n) for n in known]
    low, high = (min(values), max(values))
    lever = Lever(name=name, type=kind, role=Role.OTHER, default=values[0], low=float(low), high=float(high))
    if not (lever.admits(values[0]) and lever.admits(values[1])):
        raise UsageError(f"{name} does not admit its own values", _HOW)
    return lever, values[1]


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        return value if abs(value) < 1e300 else None
    return None
