"""Effects of one treatment seen in many places, pooled partially: places that have something in common inform each other more.

Each measured effect is the sum of one normal random effect a level (what all have in common, the data set, the model, ...) and of noise with a known
variance. Measurements with the same label at a level share that level's effect; labels may be nested or crossed. The levels' standard deviations are
estimated by EM (Dempster, Laird & Rubin 1977), held by prior guesses that weigh as much as ``GUESS_WEIGHT`` groups; given them, predictions are
the best linear unbiased ones (Henderson 1975; as in multilevel meta-analysis, Konstantopoulos 2011). A level seen in one group only
stays near its guess, however often that group was measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]
    Vector = np.ndarray[tuple[int], np.dtype[np.float64]]

GUESS_WEIGHT = 4.0
ROUNDS = 60
CLOSE_ENOUGH = 1e-3  # relative change of every standard deviation, at which EM stops

Labels = tuple[
    str, ...
]  # one a level; the first level is what all places have in common, so its label is the same everywhere


@dataclass(frozen=True, slots=True)
class Belief:
    """A normal belief in one effect."""

    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class Pooled:
    """What is believed of the mean over all places (``common``), of the effect in the place asked about (``here``, never narrower than what its
    own levels leave open), and of the standard deviation of each level."""

    common: Belief
    here: Belief
    sds: tuple[float, ...]

    def between(self, levels: slice) -> float:
        """Return the standard deviation that some levels add up to."""
        return sqrt(sum(sd**2 for sd in self.sds[levels]))


def pool(
    effects: Sequence[float],
    variances: Sequence[float],
    labels: Sequence[Labels],
    guesses: Sequence[float],
    asked: Labels,
) -> Pooled:
    """Pool ``effects`` with the ``variances`` of their noise for the place with the labels ``asked``; effects are distances from what was expected.

    ``guesses`` are the levels' standard deviations as expected beforehand.

    Raises:
        ValueError: there is no effect, or a variance or a guess is not positive.
    """
    import numpy as np

    if not effects or min(variances) <= 0 or min(guesses) <= 0:
        raise ValueError("pooling needs at least one effect, positive variances and positive guesses")
    y, noise = np.asarray(effects, dtype=np.float64), np.diag(np.asarray(variances, dtype=np.float64))
    shared = [_shared(column, column) for column in zip(*labels, strict=True)]
    groups = [len(set(column)) for column in zip(*labels, strict=True)]
    squares = _estimated(y, noise, shared, groups, [g**2 for g in guesses])
    inverse = _inverse(squares, shared, noise)
    here = sum((t * _shared((own,), column)[0] for t, own, column in _rows(squares, asked, labels)), np.zeros(len(y)))
    return Pooled(
        common=_belief(np.full(len(y), squares[0]), squares[0], inverse, y),
        here=_belief(here, sum(squares), inverse, y),
        sds=tuple(sqrt(t) for t in squares),
    )


def _rows(squares: Sequence[float], asked: Labels, labels: Sequence[Labels]) -> list[tuple[float, str, Labels]]:
    return list(zip(squares, asked, zip(*labels, strict=True), strict=True))


def _shared(rows: Sequence[str], columns: Sequence[str]) -> "Matrix":
    import numpy as np

    same: Matrix = np.equal(np.asarray(rows)[:, None], np.asarray(columns)[None, :]).astype(np.float64)
    return same


def _inverse(squares: Sequence[float], shared: "Sequence[Matrix]", noise: "Matrix") -> "Matrix":
    import numpy as np

    covariance: Matrix = sum((t * s for t, s in zip(squares, shared, strict=True)), noise)
    return np.asarray(np.linalg.inv(covariance), dtype=np.float64).reshape(noise.shape)


def _estimated(
    y: "Vector", noise: "Matrix", shared: "Sequence[Matrix]", groups: Sequence[int], guesses: Sequence[float]
) -> list[float]:
    """Return the levels' variances. A level's squared group effects are expected to sum to t² a'Sa (of their means) + Gt - t² sum(V⁻¹∘S)."""
    squares = list(guesses)
    for _ in range(ROUNDS):
        inverse = _inverse(squares, shared, noise)
        a = inverse @ y
        told = [
            t**2 * float(a @ s @ a) + g * t - t**2 * float((inverse * s).sum())
            for t, s, g in zip(squares, shared, groups, strict=True)
        ]
        after = [
            (GUESS_WEIGHT * guess + x) / (GUESS_WEIGHT + g) for guess, x, g in zip(guesses, told, groups, strict=True)
        ]
        still = all(abs(n - o) <= 2 * CLOSE_ENOUGH * o for n, o in zip(after, squares, strict=True))
        squares = after
        if still:
            break
    return squares


def _belief(covariance: "Vector", variance: float, inverse: "Matrix", y: "Vector") -> Belief:
    weights = inverse @ covariance
    return Belief(float(weights @ y), sqrt(max(variance - float(weights @ covariance), 0.0)))
