"""What is believed of changes nobody has tried: settings add up, pairs may interact, and every change has something of its own. Pure.

A Gaussian process over changes (Rasmussen and Williams, 2006, chapter 2) whose kernel is a sum over levers and over pairs of levers (``kernel.py``):
a run of several settings at once tells of each of them, as a supersaturated screening design does (Lin, Technometrics 1993).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import exp, log
from typing import TYPE_CHECKING

from rea.domain.change import Change
from rea.domain.lever import Lever, Scalar
from rea.planner.kernel import Table, gram
from rea.planner.threads import by_one_thread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

OWN = 0.1  # sd of what is a change's own, for each square root of its settings, relative to a setting's effect
SCALES = (0.35, 0.7, 1.4, 2.8, 5.6, 11.0)  # sd of a setting's effect, in typical errors of one comparison
INTERACTIONS = (0.1, 0.4)  # sd of a pair's interaction, relative to a setting's effect
HARMS = (0.0, -0.25, -0.5)  # mean effect of turning a lever of a competent baseline, relative to its sd
TRUSTS = (0.0, 0.5, 1.0)  # how much of what was predicted of a setting is believed, of each who predicts
NEGLIGIBLE = 0.01  # evidence for a belief, relative to the best one's

Expected = Mapping[tuple[str, Scalar], float]


@dataclass(frozen=True, slots=True)
class Seen:
    """A change that was compared with the baseline: its relative improvement and the standard error of that."""

    change: Change
    effect: float
    error: float


@dataclass(frozen=True)
class Design:
    """What was ``seen``, and what it has in common. ``shared`` is the standard error that all comparisons have from the one baseline,
    ``expected`` what was predicted of single settings, one mapping for each who predicts: each is trusted as far as its own predictions hold."""

    levers: Mapping[str, Lever]
    seen: tuple[Seen, ...]
    shared: float
    expected: tuple[Expected, ...]

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        return tuple(s.change for s in self.seen)

    @cached_property
    def table(self) -> Table:
        return Table(self.levers, self.changes)

    @cached_property
    def common(self) -> tuple["Floats", "Floats", "Floats"]:
        """What each two of the changes have in common: settings, pairs of settings, all."""
        return gram(self.table, self.table)

    @cached_property
    def noise(self) -> "Floats":
        """The variance of each comparison beside what all share; never less than a sixteenth of the whole, however few the baseline's runs."""
        import numpy as np

        return np.array([max(s.error**2 - self.shared**2, s.error**2 / 16) + 1e-14 for s in self.seen])

    @cached_property
    def typical(self) -> float:
        """The middle one of the errors."""
        return sorted(s.error for s in self.seen)[len(self.seen) // 2]

    def told(self, changes: Sequence[Change]) -> "Floats":
        """Return the sum of what was predicted of the settings of each change: a row a change, a column for each who predicts."""
        import numpy as np

        sums = [[sum(by.get(o, 0.0) for o in change.overrides) for by in self.expected] for change in changes]
        return np.array(sums, dtype=np.float64).reshape(len(changes), len(self.expected))

    def root(self, scale: float, pairs: float) -> "Floats":
        """Return the Cholesky factor of the covariance of what was seen; harm and trust don't enter it, so a grid needs few."""
        import numpy as np

        if (scale, pairs) not in self._roots:
            covariance = _signal(scale, pairs, *self.common) + self.shared**2 + np.diag(self.noise)
            self._roots[scale, pairs] = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
        return self._roots[scale, pairs]

    def residual(self, scale: float, pairs: float, trust: tuple[float, ...], harm: float) -> "Floats":
        """Return L^-1 (effects - trust told - harm sizes), L being the root: it is linear, so that a grid solves once for each root."""
        import numpy as np

        if (scale, pairs) not in self._solved:
            sides = np.column_stack(([s.effect for s in self.seen], self.told(self.changes), self.table.sizes))
            self._solved[scale, pairs] = np.asarray(np.linalg.solve(self.root(scale, pairs), sides), dtype=np.float64)
        effects, *told, sizes = self._solved[scale, pairs].T
        return np.asarray(effects - _sum(trust, told) - harm * sizes, dtype=np.float64)

    @cached_property
    def _roots(self) -> dict[tuple[float, float], "Floats"]:
        return {}

    @cached_property
    def _solved(self) -> dict[tuple[float, float], "Floats"]:
        return {}


class Asked:
    """Changes that are asked about, and what they have in common with what was seen: the same for every belief that rests on it."""

    def __init__(self, design: Design, changes: Sequence[Change]) -> None:
        self.design, self.table = design, Table(design.levers, tuple(changes))
        self.told = design.told(changes)
        self._spreads: dict[tuple[float, float], Floats] = {}

    @cached_property
    def among(self) -> tuple["Floats", "Floats", "Floats"]:
        """What each two of the changes have in common."""
        return gram(self.table, self.table)

    @cached_property
    def _with_seen(self) -> tuple["Floats", "Floats", "Floats"]:
        return gram(self.table, self.design.table)

    def spread(self, scale: float, pairs: float) -> "Floats":
        """Return L^-1 K(seen, asked), L being the design's root."""
        import numpy as np

        if (scale, pairs) not in self._spreads:
            cross = _signal(scale, pairs, *self._with_seen)
            solved = np.linalg.solve(self.design.root(scale, pairs), cross.T)
            self._spreads[scale, pairs] = np.asarray(solved, dtype=np.float64)
        return self._spreads[scale, pairs]


@dataclass(frozen=True)
class Belief:
    """Means and deviations of the effects of changes. The four numbers are fitted by marginal likelihood over a small grid (``believe``)."""

    design: Design
    scale: float
    pairs: float
    harm: float
    trust: tuple[float, ...]

    @by_one_thread
    def of(self, changes: Sequence[Change]) -> tuple["Floats", "Floats"]:
        """Return means and standard deviations of the true effects of ``changes``, in their order."""
        import numpy as np

        asked = Asked(self.design, changes)
        spread = asked.spread(self.scale, self.pairs)
        mean, before = self.before(asked)
        return mean + spread.T @ self._residual, np.sqrt(np.maximum(before - (spread * spread).sum(axis=0), 1e-14))

    @by_one_thread
    def joint(self, changes: Sequence[Change]) -> tuple["Floats", "Floats"]:
        """Return means and the covariance of the true effects of ``changes``, so that what they differ by has an interval, too."""
        return self.together(Asked(self.design, changes))

    def together(self, asked: Asked) -> tuple["Floats", "Floats"]:
        """Return the same of what was ``asked``."""
        spread = asked.spread(self.scale, self.pairs)
        return self._mean(asked) + spread.T @ self._residual, self._signal(asked.among) - spread.T @ spread

    def before(self, asked: Asked) -> tuple["Floats", "Floats"]:
        """Return what was believed before anything was seen: means and variances."""
        return self._mean(asked), self._signal((*asked.table.alone, asked.table.sizes))

    def after(self, change: Change, effect: float, error: float) -> "Belief":
        """Return the belief once ``change`` has been seen as well."""
        return replace(self, design=replace(self.design, seen=(*self.design.seen, Seen(change, effect, error))))

    @cached_property
    def evidence(self) -> float:
        """The log marginal likelihood of what was seen, with mild priors on ``scale`` and ``harm``."""
        import numpy as np

        penalty = (log(self.scale / (1.5 * self.design.typical)) / 1.5) ** 2 / 2 + (self.harm / 0.25) ** 2 / 4
        root = self.design.root(self.scale, self.pairs)
        return float(-0.5 * self._residual @ self._residual - np.log(np.diag(root)).sum() - penalty)

    @cached_property
    def _residual(self) -> "Floats":
        return self.design.residual(self.scale, self.pairs, self.trust, self.harm * self.scale)

    def _mean(self, asked: Asked) -> "Floats":
        return _sum(self.trust, asked.told.T) + self.harm * self.scale * asked.table.sizes

    def _signal(self, common: tuple["Floats", "Floats", "Floats"]) -> "Floats":
        return _signal(self.scale, self.pairs, *common)


def _signal(scale: float, pairs: float, singles: "Floats", twos: "Floats", own: "Floats") -> "Floats":
    return scale**2 * (singles + pairs**2 * twos + OWN**2 * own)


@by_one_thread
def believe(levers: Sequence[Lever], seen: Sequence[Seen], shared: float, *expected: Expected) -> Belief:
    """Return the belief that fits best what was seen, of which there must be something."""
    return max(_grid(levers, seen, shared, expected), key=lambda belief: belief.evidence)


@dataclass(frozen=True)
class Mixed:
    """All beliefs of the grid, each as far as what was seen speaks for it: its intervals know that the four numbers are not known."""

    beliefs: tuple[tuple[Belief, float], ...]

    @by_one_thread
    def joint(self, changes: Sequence[Change]) -> tuple["Floats", "Floats"]:
        """Return means and the covariance of the true effects of ``changes``."""
        asked = self._asked(changes)
        return _mixture([(*belief.together(asked), weight) for belief, weight in self.beliefs])

    def before(self, changes: Sequence[Change]) -> tuple["Floats", "Floats"]:
        """Return what was believed of ``changes`` before anything was seen: means and variances."""
        import numpy as np

        asked = self._asked(changes)
        told = [(*belief.before(asked), weight) for belief, weight in self.beliefs]
        mean, covariance = _mixture([(mean, np.diag(variance), weight) for mean, variance, weight in told])
        return mean, np.diag(covariance)

    def _asked(self, changes: Sequence[Change]) -> Asked:
        return Asked(self.beliefs[0][0].design, changes)  # they rest on one design


@by_one_thread
def weigh(levers: Sequence[Lever], seen: Sequence[Seen], shared: float, *expected: Expected) -> Mixed:
    """Return all beliefs that are worth considering after what was seen, of which there must be something."""
    grid = list(_grid(levers, seen, shared, expected))
    best = max(belief.evidence for belief in grid)
    weights = [(belief, exp(belief.evidence - best)) for belief in grid]
    kept = [(belief, weight) for belief, weight in weights if weight > NEGLIGIBLE]
    total = sum(weight for _, weight in kept)
    return Mixed(tuple((belief, weight / total) for belief, weight in kept))


def _grid(
    levers: Sequence[Lever], seen: Sequence[Seen], shared: float, expected: tuple[Expected, ...]
) -> Iterator[Belief]:
    design = Design({lever.name: lever for lever in levers}, tuple(seen), shared, expected)
    trusts = tuple(product(TRUSTS, repeat=len(expected)))
    for scale, pairs, harm, trust in product(SCALES, INTERACTIONS, HARMS, trusts):
        yield Belief(design, scale=scale * design.typical, pairs=pairs, harm=harm, trust=trust)


def _sum(trust: Sequence[float], told: Iterable["Floats"]) -> "Floats | float":
    return sum((share * by for share, by in zip(trust, told, strict=True)), 0.0)


def _mixture(parts: Sequence[tuple["Floats", "Floats", float]]) -> tuple["Floats", "Floats"]:
    import numpy as np

    mean = sum((weight * m for m, _, weight in parts), np.zeros_like(parts[0][0]))
    spread = (weight * (v + np.outer(m - mean, m - mean)) for m, v, weight in parts)
    return mean, sum(spread, np.zeros_like(parts[0][1]))
