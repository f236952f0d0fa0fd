"""What is believed of changes nobody has tried: settings add up, pairs may interact, and every change has something of its own. Pure.

A Gaussian process over changes (Rasmussen and Williams, 2006, chapter 2) whose kernel is a sum over levers and over pairs of levers (Duvenaud et al.,
NeurIPS 2011): a run of several settings at once tells of each of them, as a supersaturated screening design does (Lin, Technometrics 1993).
A lever's effect is zero where the baseline stands; of a number, neighbouring values are alike, of a word, every value stands alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import exp, log
from typing import TYPE_CHECKING

from rea.domain.change import Change
from rea.domain.lever import Lever, LeverType, Role, Scalar
from rea.planner.threads import by_one_thread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ALIKE = 1.2  # how far apart, as a factor of e, two values of a number still tell of each other
OWN = 0.1  # sd of what is a change's own, for each square root of its settings, relative to a setting's effect
SCALES = (0.35, 0.7, 1.4, 2.8, 5.6, 11.0)  # sd of a setting's effect, in typical errors of one comparison
INTERACTIONS = (0.1, 0.4)  # sd of a pair's interaction, relative to a setting's effect
HARMS = (0.0, -0.25, -0.5)  # mean effect of turning a lever of a competent baseline, relative to its sd
TRUSTS = (0.0, 0.5, 1.0)  # how much of what was predicted of a setting is believed
NEGLIGIBLE = 0.01  # evidence for a belief, relative to the best one's
OFF = -30.0  # where 0 stands on a logarithmic scale: far from everything

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
    ``expected`` what was predicted of single settings."""

    levers: Mapping[str, Lever]
    seen: tuple[Seen, ...]
    shared: float
    expected: Expected

    @cached_property
    def common(self) -> tuple["Floats", "Floats", "Floats"]:
        """What each two of the changes have in common: settings, pairs of settings, all."""
        return self.with_seen(self.changes)

    @cached_property
    def before(self) -> tuple["Floats", "Floats"]:
        """What was predicted of the changes seen, and their sizes."""
        return self.told(self.changes), _sizes(self.changes)

    @cached_property
    def effects(self) -> "Floats":
        import numpy as np

        return np.array([s.effect for s in self.seen])

    def root(self, scale: float, pairs: float) -> "Floats":
        """Return the Cholesky factor of the covariance of what was seen; harm and trust don't enter it, so a grid needs few."""
        import numpy as np

        if (scale, pairs) not in self._roots:
            covariance = _signal(scale, pairs, *self.common) + self.shared**2 + np.diag(self.noise)
            self._roots[scale, pairs] = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
        return self._roots[scale, pairs]

    def residual(self, scale: float, pairs: float, trust: float, harm: float) -> "Floats":
        """Return L^-1 (effects - trust told - harm sizes), L being the root: it is linear, so that a grid solves once for each root."""
        import numpy as np

        if (scale, pairs) not in self._solved:
            sides = np.column_stack((self.effects, *self.before))
            self._solved[scale, pairs] = np.asarray(np.linalg.solve(self.root(scale, pairs), sides), dtype=np.float64)
        effects, told, sizes = self._solved[scale, pairs].T
        return np.asarray(effects - trust * told - harm * sizes, dtype=np.float64)

    @cached_property
    def _roots(self) -> dict[tuple[float, float], "Floats"]:
        return {}

    @cached_property
    def _solved(self) -> dict[tuple[float, float], "Floats"]:
        return {}

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        return tuple(s.change for s in self.seen)

    @cached_property
    def noise(self) -> "Floats":
        """The variance of each comparison beside what all share; never less than a sixteenth of the whole, however few the baseline's runs."""
        import numpy as np

        return np.array([max(s.error**2 - self.shared**2, s.error**2 / 16) + 1e-14 for s in self.seen])

    @cached_property
    def typical(self) -> float:
        """The middle one of the errors."""
        return sorted(s.error for s in self.seen)[len(self.seen) // 2]

    def with_seen(self, changes: Sequence[Change]) -> tuple["Floats", "Floats", "Floats"]:
        """Return what ``changes`` have in common with what was seen."""
        return (*gram(self.levers, changes, self.changes), _same(changes, self.changes))

    def told(self, changes: Sequence[Change]) -> "Floats":
        """Return the sum of what was predicted of the settings of each change."""
        import numpy as np

        return np.array([sum(self.expected.get(setting, 0.0) for setting in change.overrides) for change in changes])

    def alone(self, changes: Sequence[Change]) -> tuple["Floats", "Floats"]:
        """Return what each change has in common with itself: settings and pairs of settings."""
        import numpy as np

        rows = [[_itself(self.levers.get(n), v) for n, v in _settings(change).items()] for change in changes]
        singles = np.array([sum(row) for row in rows])
        return singles, (singles**2 - np.array([sum(x * x for x in row) for row in rows])) / 2


@dataclass(frozen=True)
class Belief:
    """Means and deviations of the effects of changes. The four numbers are fitted by marginal likelihood over a small grid (``believe``)."""

    design: Design
    scale: float
    pairs: float
    harm: float
    trust: float

    @by_one_thread
    def of(self, changes: Sequence[Change]) -> tuple["Floats", "Floats"]:
        """Return means and standard deviations of the true effects of ``changes``, in their order."""
        import numpy as np

        cross = _signal(self.scale, self.pairs, *self.design.with_seen(changes))
        sizes = _sizes(changes)
        mean = self._mean(self.design.told(changes), sizes) + cross @ np.linalg.solve(self._root.T, self._residual)
        before = _signal(self.scale, self.pairs, *self.design.alone(changes), sizes)
        spread = np.linalg.solve(self._root, cross.T)
        return mean, np.sqrt(np.maximum(before - (spread * spread).sum(axis=0), 1e-14))

    @by_one_thread
    def joint(self, changes: Sequence[Change]) -> tuple["Floats", "Floats"]:
        """Return means and the covariance of the true effects of ``changes``, so that what they differ by has an interval, too."""
        import numpy as np

        cross = _signal(self.scale, self.pairs, *self.design.with_seen(changes))
        mean = self._mean(self.design.told(changes), _sizes(changes)) + cross @ np.linalg.solve(
            self._root.T, self._residual
        )
        common = *gram(self.design.levers, changes, changes), _same(changes, changes)
        before = _signal(self.scale, self.pairs, *common)
        spread = np.linalg.solve(self._root, cross.T)
        return mean, np.asarray(before - spread.T @ spread, dtype=np.float64)

    def before(self, changes: Sequence[Change]) -> tuple["Floats", "Floats"]:
        """Return what was believed of ``changes`` before anything was seen: means and variances."""
        sizes = _sizes(changes)
        variance = _signal(self.scale, self.pairs, *self.design.alone(changes), sizes)
        return self._mean(self.design.told(changes), sizes), variance

    def after(self, change: Change, effect: float, error: float) -> "Belief":
        """Return the belief once ``change`` has been seen as well."""
        return replace(self, design=replace(self.design, seen=(*self.design.seen, Seen(change, effect, error))))

    @cached_property
    def evidence(self) -> float:
        """The log marginal likelihood of what was seen, with mild priors on ``scale`` and ``harm``."""
        import numpy as np

        penalty = (log(self.scale / (1.5 * self.design.typical)) / 1.5) ** 2 / 2 + (self.harm / 0.25) ** 2 / 4
        return float(-0.5 * self._residual @ self._residual - np.log(np.diag(self._root)).sum() - penalty)

    @property
    def _root(self) -> "Floats":
        return self.design.root(self.scale, self.pairs)

    @cached_property
    def _residual(self) -> "Floats":
        return self.design.residual(self.scale, self.pairs, self.trust, self.harm * self.scale)

    def _mean(self, told: "Floats", sizes: "Floats") -> "Floats":
        return self.trust * told + self.harm * self.scale * sizes


def _signal(scale: float, pairs: float, singles: "Floats", twos: "Floats", own: "Floats") -> "Floats":
    return scale**2 * (singles + pairs**2 * twos + OWN**2 * own)


@by_one_thread
def believe(levers: Sequence[Lever], seen: Sequence[Seen], shared: float, expected: Expected) -> Belief:
    """Return the belief that fits best what was seen, of which there must be something."""
    return max(_grid(levers, seen, shared, expected), key=lambda belief: belief.evidence)


@dataclass(frozen=True)
class Mixed:
    """All beliefs of the grid, each as far as what was seen speaks for it: its intervals know that the four numbers are not known."""

    beliefs: tuple[tuple[Belief, float], ...]

    def joint(self, changes: Sequence[Change]) -> tuple["Floats", "Floats"]:
        """Return means and the covariance of the true effects of ``changes``."""
        return _mixture([(*belief.joint(changes), weight) for belief, weight in self.beliefs])

    def before(self, changes: Sequence[Change]) -> tuple["Floats", "Floats"]:
        """Return what was believed of ``changes`` before anything was seen: means and variances."""
        import numpy as np

        told = [(*belief.before(changes), weight) for belief, weight in self.beliefs]
        mean, covariance = _mixture([(mean, np.diag(variance), weight) for mean, variance, weight in told])
        return mean, np.diag(covariance)


@by_one_thread
def weigh(levers: Sequence[Lever], seen: Sequence[Seen], shared: float, expected: Expected) -> Mixed:
    """Return all beliefs that are worth considering after what was seen, of which there must be something."""
    grid = list(_grid(levers, seen, shared, expected))
    best = max(belief.evidence for belief in grid)
    weights = [(belief, exp(belief.evidence - best)) for belief in grid]
    kept = [(belief, weight) for belief, weight in weights if weight > NEGLIGIBLE]
    total = sum(weight for _, weight in kept)
    return Mixed(tuple((belief, weight / total) for belief, weight in kept))


def _grid(levers: Sequence[Lever], seen: Sequence[Seen], shared: float, expected: Expected) -> Iterator[Belief]:
    design = Design({lever.name: lever for lever in levers}, tuple(seen), shared, expected)
    for scale, pairs, harm, trust in product(SCALES, INTERACTIONS, HARMS, TRUSTS):
        yield Belief(design, scale=scale * design.typical, pairs=pairs, harm=harm, trust=trust)


def _mixture(parts: Sequence[tuple["Floats", "Floats", float]]) -> tuple["Floats", "Floats"]:
    import numpy as np

    mean = sum((weight * m for m, _, weight in parts), np.zeros_like(parts[0][0]))
    spread = (weight * (v + np.outer(m - mean, m - mean)) for m, v, weight in parts)
    return mean, sum(spread, np.zeros_like(parts[0][1]))


def gram(levers: Mapping[str, Lever], left: Sequence[Change], right: Sequence[Change]) -> tuple["Floats", "Floats"]:
    """Return how much each two changes have in common, lever by lever and pair by pair of levers; both (left, right)."""
    import numpy as np

    own, other = [_settings(change) for change in left], [_settings(change) for change in right]
    names = {name for row in own for name in row} & {name for row in other for name in row}
    total, squares = np.zeros((len(left), len(right))), np.zeros((len(left), len(right)))
    for name in sorted(names):
        common = _common(levers.get(name), [row.get(name) for row in own], [row.get(name) for row in other])
        total, squares = total + common, squares + common * common
    return total, (total * total - squares) / 2


def _common(lever: Lever | None, left: Sequence[Scalar | None], right: Sequence[Scalar | None]) -> "Floats":
    import numpy as np

    if lever is None or lever.type not in (LeverType.INT, LeverType.FLOAT):
        codes = {value: code for code, value in enumerate({*left, *right} - {None})}
        a, b = (np.array([codes.get(value, -1) for value in side]) for side in (left, right))
        return np.asarray((a[:, None] == b[None, :]) & (a >= 0)[:, None], dtype=np.float64)
    a, b = (np.array([np.nan if value is None else place(lever, value) for value in side]) for side in (left, right))
    start = place(lever, lever.default)
    near = np.exp(-0.5 * ((a[:, None] - b[None, :]) / ALIKE) ** 2)
    known = np.outer(*(np.exp(-0.5 * ((side - start) / ALIKE) ** 2) for side in (a, b)))
    return np.asarray(np.nan_to_num(near - known), dtype=np.float64)


def place(lever: Lever, value: Scalar) -> float:
    """Return where a number stands on the scale on which neighbours are alike."""
    number = float(value)
    if lever.role is Role.WEIGHT_AVERAGING:  # a memory of 1 / (1 - decay) steps
        return -log(1 - number) if 0 < number < 1 else OFF
    if lever.low is not None and lever.low < 0:
        return 4 * ALIKE * number / max(abs(lever.low), abs(lever.high or 0.0))
    return log(number) if number > 0 else OFF


def _settings(change: Change) -> dict[str, Scalar]:
    return dict(change.overrides) | {f"patch {patch.digest}": True for patch in change.patches}


def _itself(lever: Lever | None, value: Scalar) -> float:
    if lever is None or lever.type not in (LeverType.INT, LeverType.FLOAT):
        return 1.0
    return 1 - exp(-(((place(lever, value) - place(lever, lever.default)) / ALIKE) ** 2))


def _sizes(changes: Sequence[Change]) -> "Floats":
    import numpy as np

    return np.array([float(len(change.overrides) + len(change.patches)) for change in changes])


def _same(left: Sequence[Change], right: Sequence[Change]) -> "Floats":
    """Return the size of a change where both sides are the same one, else 0."""
    import numpy as np

    codes = {change: code for code, change in enumerate(dict.fromkeys((*left, *right)))}
    a, b = (np.array([codes[change] for change in side], dtype=np.int64) for side in (left, right))
    return np.asarray((a[:, None] == b[None, :]) * _sizes(left)[:, None], dtype=np.float64)
