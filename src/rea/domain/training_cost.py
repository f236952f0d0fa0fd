"""What the size of a change alone says of the cost of a training. Pure."""

from rea.domain.change import Change
from rea.domain.lever import Role
from rea.domain.workload import Workload

_PER_TRAINING = (Role.EPOCHS, Role.ENSEMBLE)  # roles whose value multiplies the cost of a training


def training_cost(workload: Workload, current: Change, change: Change) -> float:
    """Return the cost of a training relative to the baseline's as far as epochs and models in an ensemble tell it."""
    ratio = 1.0
    for lever in (lever for role in _PER_TRAINING for lever in workload.with_role(role)):
        before, after = current.value(lever.name, lever.default), change.value(lever.name, lever.default)
        if isinstance(before, int | float) and isinstance(after, int | float) and before > 0 and after > 0:
            ratio *= after / before
    return ratio
