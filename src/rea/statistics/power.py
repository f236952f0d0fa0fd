"""What a budget can detect, before any idea is paid for. Normal approximation, two-sided."""

from math import ceil, sqrt
from statistics import NormalDist


def standard_errors_needed(alpha: float = 0.05, power: float = 0.8) -> float:
    """Return how many standard errors a true effect must be worth: 2.80 at 5 % and 80 %."""
    normal = NormalDist()
    return normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)


def detectable(sd: float, row_sd: float, n_c: int, n_b: int, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the smallest effect found with ``power`` by ``n_c`` candidate and ``n_b`` baseline runs of seed noise ``sd``.

    ``row_sd`` is the part that more runs do not lessen.
    """
    return standard_errors_needed(alpha, power) * sqrt(sd**2 * (1 / n_c + 1 / n_b) + row_sd**2)


def runs_needed(sd: float, effect: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Return the runs per arm that find ``effect``: 15.7 (sd/effect)^2 at 5 % and 80 %, rounded up, at least two.

    Raises:
        ValueError: ``effect`` is not positive.
    """
    if effect <= 0:
        raise ValueError(f"an effect of {effect} cannot be detected: give a positive one")
    return max(2, ceil(2 * (standard_errors_needed(alpha, power) * sd / effect) ** 2))
