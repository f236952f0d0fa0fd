"""How alike two changes are: a sum over levers and over pairs of levers (Duvenaud et al., NeurIPS 2011). Pure.

A lever's effect is zero where the baseline stands; of a number, neighbouring values are alike, of a word, every value stands alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import TYPE_CHECKING

from rea.domain.change import Change
from rea.domain.lever import Lever, Role, Scalar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ALIKE = 1.2  # how far apart, as a factor of e, two values of a number still tell of each other
OFF = -30.0  # where 0 stands on a logarithmic scale: far from everything


@dataclass(frozen=True)
class Table:
    """Some changes, lever by lever."""

    levers: Mapping[str, Lever]
    changes: tuple[Change, ...]

    @cached_property
    def sizes(self) -> "Floats":
        """How much each change sets."""
        import numpy as np

        return np.array([float(len(change.overrides) + len(change.patches)) for change in self.changes])

    @cached_property
    def alone(self) -> tuple["Floats", "Floats"]:
        """What each change has in common with itself: settings and pairs of settings."""
        import numpy as np

        singles, squares = np.zeros(len(self.changes)), np.zeros(len(self.changes))
        for name in sorted(self.names):
            own = self._itself(name)
            singles, squares = singles + own, squares + own * own
        return singles, (singles**2 - squares) / 2

    @cached_property
    def names(self) -> set[str]:
        """What any of the changes sets; a patch has a name of its own."""
        return {name for row in self._rows for name in row}

    def values(self, name: str) -> list[Scalar | None]:
        """Return what each change sets ``name`` to, None where it does not."""
        return [row.get(name) for row in self._rows]

    def places(self, name: str, lever: Lever) -> tuple["Floats", "Floats"]:
        """Return where each change puts a number, NaN where it leaves it, and how alike that is to where the baseline stands."""
        import numpy as np

        if name not in self._places:
            at = np.array([np.nan if value is None else place(lever, value) for value in self.values(name)])
            self._places[name] = at, np.exp(-0.5 * ((at - place(lever, lever.default)) / ALIKE) ** 2)
        return self._places[name]

    def _itself(self, name: str) -> "Floats":
        import numpy as np

        lever = self.levers.get(name)
        if lever is None or not lever.numeric:
            return np.array([float(value is not None) for value in self.values(name)])
        at, near = self.places(name, lever)
        return np.where(np.isnan(at), 0.0, 1 - near**2)

    @cached_property
    def _rows(self) -> list[dict[str, Scalar]]:
        return [
            dict(change.overrides) | {f"patch {patch.digest}": True for patch in change.patches}
            for change in self.changes
        ]

    @cached_property
    def _places(self) -> dict[str, tuple["Floats", "Floats"]]:
        return {}


def gram(left: Table, right: Table) -> tuple["Floats", "Floats", "Floats"]:
    """Return how much each two changes have in common: lever by lever, pair by pair of levers, and as one and the same; all (left, right)."""
    import numpy as np

    size = len(left.changes), len(right.changes)
    total, squares = np.zeros(size), np.zeros(size)
    for name in sorted(left.names & right.names):
        common = _common(left, right, name)
        total, squares = total + common, squares + common * common
    return total, (total * total - squares) / 2, _same(left, right)


def _common(left: Table, right: Table, name: str) -> "Floats":
    import numpy as np

    lever = left.levers.get(name)
    if lever is None or not lever.numeric:
        sides = left.values(name), right.values(name)
        codes = {value: code for code, value in enumerate({*sides[0], *sides[1]} - {None})}
        a, b = (np.array([codes.get(value, -1) for value in side]) for side in sides)
        return np.asarray((a[:, None] == b[None, :]) & (a >= 0)[:, None], dtype=np.float64)
    (a, start_a), (b, start_b) = left.places(name, lever), right.places(name, lever)
    common = np.exp(-0.5 * ((a[:, None] - b[None, :]) / ALIKE) ** 2) - np.outer(start_a, start_b)
    common[np.isnan(common)] = 0.0
    return np.asarray(common, dtype=np.float64)


def _same(left: Table, right: Table) -> "Floats":
    """Return the size of a change where both sides are the same one, else 0."""
    import numpy as np

    codes = {change: code for code, change in enumerate(dict.fromkeys((*left.changes, *right.changes)))}
    a, b = (np.array([codes[change] for change in side.changes], dtype=np.int64) for side in (left, right))
    return np.asarray((a[:, None] == b[None, :]) * left.sizes[:, None], dtype=np.float64)


def place(lever: Lever, value: Scalar) -> float:
    """Return where a number stands on the scale on which neighbours are alike."""
    number = float(value)
    if lever.role is Role.WEIGHT_AVERAGING:  # a memory of 1 / (1 - decay) steps
        return -log(1 - number) if 0 < number < 1 else OFF
    if lever.low is not None and lever.low < 0:
        return 4 * ALIKE * number / max(abs(lever.low), abs(lever.high or 0.0))
    return log(number) if number > 0 else OFF
