"""How a change reads beside the configuration it starts from. Pure."""

from rea.domain.change import Change
from rea.domain.evidence import Noise
from rea.domain.hypothesis import Effect, Move, Operation
from rea.domain.lever import Scalar
from rea.domain.workload import Workload


def turned(workload: Workload, current: Change, change: Change) -> tuple[tuple[str, Scalar, Scalar], ...]:
    """Return name, value before and value after of every lever that ``change`` turns away from ``current``."""
    values = [(v, current.value(v.name, v.default), change.value(v.name, v.default)) for v in workload.levers]
    return tuple((lever.name, before, after) for lever, before, after in values if before != after)


def wording(workload: Workload, current: Change, change: Change) -> str:
    """Return such as ``learning_rate 0.001 -> 0.003, schedule constant -> cosine``."""
    parts = (f"{name} {_shown(before)} -> {_shown(after)}" for name, before, after in turned(workload, current, change))
    return ", ".join(parts)


def as_moves(workload: Workload, current: Change, change: Change) -> tuple[Move, ...]:
    """Return the moves that a change amounts to, each setting a role to a value."""
    values = {name: after for name, _, after in turned(workload, current, change)}
    return tuple(
        Move(role=v.role, operation=Operation.SET, operand=values[v.name]) for v in workload.levers if v.name in values
    )


def at_baseline(workload: Workload, change: Change) -> bool:
    """Whether ``change`` sets everything to what it is by default: a training of it would be one of the baseline."""
    return not change.patches and all(change.value(v.name, v.default) == v.default for v in workload.levers)


def unknown_effect(noise: Noise) -> Effect:
    """Return the prediction for what nobody has an opinion on: centred on nothing, wide, and never finer than can be detected."""
    width = max(0.01, noise.detectable)
    return Effect(value=0.0, low=-width, high=width)


def blind_effect(noise: Noise) -> Effect:
    """Return the prediction for a lever that is turned without an opinion: as wide, but most turns of a competent default do harm."""
    unknown = unknown_effect(noise)
    return Effect(value=unknown.low / 2, low=1.5 * unknown.low, high=unknown.high / 2)


def percent(effect: Effect) -> str:
    """Return such as ``+0.40 % [-0.20, +1.00]``."""
    return f"{100 * effect.value:+.2f} % [{100 * effect.low:+.2f}, {100 * effect.high:+.2f}]"


def _shown(value: Scalar) -> str:
    return repr(value) if value == "" else f"{value:.4g}" if isinstance(value, float) else str(value).lower()
