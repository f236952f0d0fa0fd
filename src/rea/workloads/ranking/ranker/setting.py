"""How a setting is declared: its default, what it may be, and, where a campaign may turn it, the lever that it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Value = str | int | float | bool


class ConfigError(Exception):
    """An override that names no setting, or a value outside its range; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Lever:
    """What workload.toml says of a setting beside its name, type and default.

    ``role`` is one of the words that techniques are written in, by default the setting's name. ``low`` and ``high``, or ``choices``, are
    what is worth trying, which may be less than what the setting takes.
    """

    role: str = ""
    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[str, ...] | Callable[[], list[str]] = ()


def number(
    default: float,
    low: float,
    high: float,
    lever: tuple[float, float] | None = None,
    *,
    log: bool = False,
    role: str = "",
) -> Any:
    """A setting with an inclusive range; its type is the default's. ``lever`` is the range of it that a campaign may try."""
    turned = None if lever is None else Lever(role, *lever, log=log)
    return field(default=default, metadata={"low": low, "high": high, "lever": turned})


def choice(default: str, *others: str, role: str = "", lever: bool = True) -> Any:
    """A setting that takes one of a few words."""
    words = (default, *others)
    return field(default=default, metadata={"choices": words, "lever": Lever(role, choices=words) if lever else None})


def listed(default: str, names: Callable[[], list[str]], role: str = "") -> Any:
    """A setting that takes one of the words that ``names`` lists when asked."""
    return field(default=default, metadata={"choices": names, "lever": Lever(role, choices=names)})


def flag(default: bool = False, *, lever: bool = True) -> Any:
    """A setting that is true or false."""
    return field(default=default, metadata={"lever": Lever() if lever else None})


def text(default: str = "", *tried: str, role: str = "") -> Any:
    """A setting that takes any words; a lever of the default and of those ``tried``, if there are any."""
    return field(default=default, metadata={"lever": Lever(role, choices=(default, *tried)) if tried else None})
