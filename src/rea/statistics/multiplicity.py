"""Error control over many hypotheses, many looks and many openings of one test set. Pure Python."""

from collections.abc import Sequence
from functools import lru_cache
from math import erfc, pi, sqrt
from statistics import NormalDist

OPENINGS_AT_MOST = 5


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values adjusted for the family-wise error rate (Holm 1979), in the order given."""
    adjusted, largest, m = [0.0] * len(p_values), 0.0, len(p_values)
    for rank, i in enumerate(ascending(p_values)):
        largest = max(largest, min(1.0, (m - rank) * p_values[i]))
        adjusted[i] = largest
    return tuple(adjusted)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values adjusted for the false discovery rate (Benjamini and Hochberg 1995), in the order given."""
    adjusted, smallest, m = [0.0] * len(p_values), 1.0, len(p_values)
    for rank, i in reversed(list(enumerate(ascending(p_values), start=1))):
        smallest = min(smallest, m * p_values[i] / rank)
        adjusted[i] = smallest
    return tuple(adjusted)


def ascending(values: Sequence[float]) -> list[int]:
    """Return the positions of ``values`` from the smallest to the largest."""
    return sorted(range(len(values)), key=values.__getitem__)


def spend(look: int, looks: Sequence[int], alpha: float) -> float:
    """Return the error that planned look number ``look`` (from 0) may spend; over all looks it adds up to ``alpha``.

    ``looks`` are the planned numbers of runs, increasing. The share grows like O'Brien and Fleming's (Lan and DeMets 1983), but each
    look is tested at its own share as if it stood alone: a little less power, valid however the looks depend on each other.
    """
    now = spent(looks[look] / looks[-1], alpha)
    return now - (spent(looks[look - 1] / looks[-1], alpha) if look else 0.0)


def spent(information: float, alpha: float) -> float:
    """Return the error spent when ``information`` (0 to 1) of the planned runs are in."""
    return erfc(NormalDist().inv_cdf(1 - alpha / 2) / sqrt(2.0 * information))


def adjust_for_looks(p_value: float, runs: int, looks: Sequence[int], alpha: float = 0.05) -> float:
    """Return the p-value found after ``runs`` runs as if it were the only look: divided by the look's share of the error.

    Between two planned looks the earlier one's (smaller) share counts, and before the first the first's.
    """
    return min(1.0, p_value * alpha / _share(runs, tuple(looks), alpha))


@lru_cache(maxsize=64)
def _share(runs: int, looks: tuple[int, ...], alpha: float) -> float:
    """Return the error that a look after ``runs`` runs may spend: the same for all arms that have so many."""
    look = max(sum(planned <= runs for planned in looks) - 1, 0)
    return min(spend(look, looks, alpha), alpha)


def alpha_for_opening(number: int, alpha: float) -> float:
    """Return the error that opening ``number`` (from 1) of one test set may spend: alpha 6 / (pi k)^2.

    The series adds up to ``alpha`` over all openings by whoever, so that a test set reused for years still misleads at most at rate alpha.
    After the fifth it returns 0: spent, the rows can rank but no longer confirm.
    """
    return alpha * 6.0 / (pi * number) ** 2 if 1 <= number <= OPENINGS_AT_MOST else 0.0
