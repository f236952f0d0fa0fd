"""The neighbourhood in which a search refines. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rea.domain.lever import Lever, LeverType, Role, Scalar

FACTOR = 4.0  # how far a value may be multiplied or divided
SHARE = 0.3  # of a lever's range: how far it may be moved where it is linear

# What is tried of a lever that is off: mild values, as no size of it is known yet.
MILD: dict[Role, tuple[float, ...]] = {
    Role.EMBEDDING_L2: (1e-6, 1e-5),
    Role.WEIGHT_DECAY: (1e-5, 1e-4),
    Role.DROPOUT: (0.1, 0.2),
    Role.EMBEDDING_DROPOUT: (0.05, 0.1),
    Role.ID_DROPOUT: (0.02, 0.05),
    Role.WEIGHT_AVERAGING: (0.99, 0.995),
    Role.WARMUP: (0.02, 0.05),
    Role.LABEL_SMOOTHING: (0.002, 0.01),
}


@dataclass(frozen=True, slots=True)
class Span:
    """The values of one lever that a search may try: ``low`` to ``high``, or ``choices``."""

    lever: Lever
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: tuple[Scalar, ...] = ()

    @property
    def whole(self) -> bool:
        return self.lever.type is LeverType.INT

    def holds(self, value: Scalar) -> bool:
        if self.choices:
            return value in self.choices
        return not isinstance(value, str | bool) and self.low <= value <= self.high

    def rounded(self, value: Scalar) -> Scalar:
        """Return ``value`` with four digits, as far as the span allows: more would only look exact."""
        short = float(f"{value:.4g}") if isinstance(value, float) and not self.choices else value
        return short if self.holds(short) else value


def spans(levers: Sequence[Lever], start: Mapping[str, Scalar], choices: bool = False) -> tuple[Span, ...]:
    """Return the spans around ``start``; a lever that cannot be varied has none.

    What is off (0) stays off, but for roles of which mild values are known. Words and switches stay unless ``choices``.
    """
    found = (_span(lever, start.get(lever.name, lever.default), choices) for lever in levers if lever.name in start)
    return tuple(span for span in found if span is not None)


def _span(lever: Lever, value: Scalar, choices: bool) -> Span | None:
    if lever.type is LeverType.BOOL:
        return Span(lever, choices=(False, True)) if choices else None
    if isinstance(value, str | bool):
        return Span(lever, choices=lever.choices) if choices else None
    return _turned_on(lever, value) if value == 0 else _around(lever, float(value))


def _turned_on(lever: Lever, off: Scalar) -> Span | None:
    mild = tuple(value for value in MILD.get(lever.role, ()) if lever.type is LeverType.FLOAT and lever.admits(value))
    return Span(lever, choices=(off, *mild)) if mild else None


def _around(lever: Lever, value: float) -> Span | None:
    least = -math.inf if lever.low is None else lever.low
    most = math.inf if lever.high is None else lever.high
    log = value > 0 and least >= 0 and (lever.log or most == math.inf or value < SHARE * most / FACTOR)
    low, high = _reach(lever, value, least, most, log)
    low, high = max(low, least), min(high, most)
    if lever.type is LeverType.INT:
        low, high = math.ceil(low), math.floor(high)
        log = log and low >= 1
    return Span(lever, low=low, high=high, log=log) if low < high and low <= value <= high else None


def _reach(lever: Lever, value: float, least: float, most: float, log: bool) -> tuple[float, float]:
    if log:
        return value / FACTOR, value * FACTOR
    if lever.role is Role.WEIGHT_AVERAGING and 0 < value < 1:  # a memory of 1 / (1 - decay) steps
        return 1 - (1 - value) * FACTOR, 1 - (1 - value) / FACTOR
    reach = SHARE * (most - least) if math.isfinite(most - least) else abs(value)
    return value - reach, value + reach
