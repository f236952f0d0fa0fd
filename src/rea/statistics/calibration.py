"""How good predictions were: what share of the predicted effect was measured, and how often it lay in the predicted interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

RATIO_SD = 0.5  # how far from 1 a source's ratio of measured to predicted effects is expected to lie
SPREAD_WEIGHT = 4.0  # predictions that the belief in honest intervals counts as
LEVEL = 0.80  # of predicted intervals


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How predictions compared: ``ratio`` is measured over predicted effect (with its 80 % interval), ``spread`` by how much the intervals
    were too narrow (above 1) or too wide, both shrunk towards 1. ``inside`` counts the measured effects that lay in the predicted interval, where
    the noise of the measurement is allowed for.
    """

    count: int = 0
    ratio: float = 1.0
    low: float = 1 - NormalDist().inv_cdf((1 + LEVEL) / 2) * RATIO_SD
    high: float = 1 + NormalDist().inv_cdf((1 + LEVEL) / 2) * RATIO_SD
    spread: float = 1.0
    inside: int = 0


def calibrate(
    predicted: Sequence[float], sds: Sequence[float], measured: Sequence[float], ses: Sequence[float]
) -> Calibration:
    """Return how predictions (normal, with ``sds``) compare with measurements (with standard errors ``ses``).

    The ratio is the slope through the origin of a weighted regression with the prior N(1, RATIO_SD²); the spread is the root mean square of what
    remains, in the standard deviations that prediction and measurement claim together, with ``SPREAD_WEIGHT`` honest ones added.

    Raises:
        ValueError: the numbers of figures differ, or both deviations of one are zero.
    """
    weights = [1 / (q**2 + s**2) for q, s in zip(sds, ses, strict=True)] if sds else []
    rows = list(zip(predicted, measured, weights, strict=True))
    precision = 1 / RATIO_SD**2 + sum(w * p**2 for p, _, w in rows)
    ratio = (1 / RATIO_SD**2 + sum(w * p * m for p, m, w in rows)) / precision
    left = sum(w * (m - ratio * p) ** 2 for p, m, w in rows)
    half = NormalDist().inv_cdf((1 + LEVEL) / 2)
    return Calibration(
        count=len(rows),
        ratio=ratio,
        low=ratio - half / sqrt(precision),
        high=ratio + half / sqrt(precision),
        spread=sqrt((SPREAD_WEIGHT + left) / (SPREAD_WEIGHT + len(rows))),
        inside=sum(w * (m - p) ** 2 <= half**2 for p, m, w in rows),
    )


def share_interval(count: int, of: int, level: float = LEVEL) -> tuple[float, float]:
    """Return Jeffreys' interval of a share, of which ``count`` of ``of`` were seen."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = float(betaincinv(count + 0.5, of - count + 0.5, tail)) if count else 0.0
    high = float(betaincinv(count + 0.5, of - count + 0.5, 1 - tail)) if count < of else 1.0
    return low, high
