"""How numbers read: as many digits as their interval supports, a real minus sign, times in UTC."""

from datetime import UTC, datetime
from math import floor, log10

from rea.domain.hypothesis import Effect

NARROW = "\u00a0"  # keeps a number and its unit on one line


def digits_of(half_width: float) -> int:
    """Return the decimals of a percentage that an interval of this half-width (a fraction) supports: two digits of it."""
    return 2 if half_width <= 0 else min(4, max(1, 1 - floor(log10(100 * half_width))))


def points(fraction: float, digits: int = 2) -> str:
    """Return a fraction in percentage points with its sign, such as ``+1.58``."""
    text = f"{100 * fraction:+.{digits}f}"
    return text.replace("-", "−") if float(text) else text.replace("+", "").replace("-", "")


def percent(fraction: float, digits: int = 2) -> str:
    """Return a change with its sign, such as ``−3.28 %``."""
    return f"{points(fraction, digits)}{NARROW}%"


def share(fraction: float) -> str:
    """Return a part of a whole, such as ``41 %``."""
    return f"{fraction:.0%}".replace("%", f"{NARROW}%").replace("-", "−")


def size(fraction: float) -> str:
    """Return a relative size without a sign, such as ``0.17 %``, in two significant digits."""
    return f"{100 * fraction:.{digits_of(abs(fraction))}f}{NARROW}%"


def interval(e: Effect) -> str:
    """Return such as ``[−3.70, −2.85] %``."""
    digits = digits_of((e.high - e.low) / 2)
    return f"[{points(e.low, digits)}, {points(e.high, digits)}]{NARROW}%"


def effect(e: Effect) -> str:
    """Return such as ``−3.28 % [−3.70, −2.85]``."""
    digits = digits_of((e.high - e.low) / 2)
    return f"{percent(e.value, digits)} [{points(e.low, digits)}, {points(e.high, digits)}]"


def alone(e: Effect) -> str:
    """Return the value without its interval, in the digits that the interval supports."""
    return percent(e.value, digits_of((e.high - e.low) / 2))


def turned(e: Effect, sign: int) -> Effect:
    """Return an improvement as the change of the metric: ``sign`` is -1 where smaller is better."""
    low, high = sorted((sign * e.low, sign * e.high))
    return Effect(value=sign * e.value, low=low, high=high)


def value(x: float) -> str:
    """Return a metric or a guardrail's number in five significant digits."""
    return f"{x:.5g}".replace("-", "−")


def duration(milliseconds: float) -> str:
    """Return device time in the unit that fits it."""
    seconds = milliseconds / 1000
    divisor, unit = unit_of(milliseconds)
    amount = seconds / divisor
    digits = 0 if amount == 0 or amount >= (9.95 if unit == "s" else 99.5) else 1
    return f"{amount:.{digits}f}{NARROW}{unit}"


def unit_of(milliseconds: float) -> tuple[float, str]:
    """Return how many seconds the unit has that fits this time, and its name."""
    seconds = milliseconds / 1000
    return (1.0, "s") if seconds < 180 else (60.0, "min") if seconds < 3 * 3600 else (3600.0, "h")


def hours(milliseconds: float) -> str:
    """Return device-hours in three significant digits."""
    return f"{milliseconds / 3.6e6:.3g}{NARROW}device-hours"


def probability(p: float) -> str:
    """Return a p-value or an error level; below 0.0001 its size means nothing."""
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}"


def moment(at: str) -> str:
    """Return a time in UTC to the second, or what stands there if it is no time."""
    try:
        return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return at


def elapsed(first: str, last: str) -> str:
    """Return the wall time between two moments, or nothing where it cannot be told."""
    try:
        return duration(1000 * (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds())
    except (ValueError, TypeError):
        return ""
