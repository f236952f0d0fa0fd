"""The derivatives of log gamma: recurrence to where the asymptotic series are exact to double precision (Abramowitz and Stegun 6.3-6.4).

For arguments above zero. The library that has them takes longer to import than most wakes take in all.
"""

from math import log

SERIES_FROM = 12.0


def digamma(x: float) -> float:
    """Return the first derivative of log gamma at ``x`` > 0."""
    below = 0.0
    while x < SERIES_FROM:
        below, x = below - 1 / x, x + 1
    y = 1 / (x * x)
    return below + log(x) - 1 / (2 * x) - y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y / 132))))


def trigamma(x: float) -> float:
    """Return the second derivative of log gamma at ``x`` > 0."""
    below = 0.0
    while x < SERIES_FROM:
        below, x = below + 1 / (x * x), x + 1
    y = 1 / (x * x)
    return below + y / 2 + (1 + y * (1 / 6 - y * (1 / 30 - y * (1 / 42 - y * (1 / 30 - y * 5 / 66))))) / x


def tetragamma(x: float) -> float:
    """Return the third derivative of log gamma at ``x`` > 0."""
    below = 0.0
    while x < SERIES_FROM:
        below, x = below - 2 / (x * x * x), x + 1
    y = 1 / (x * x)
    return below - y * (1 + 1 / x + y * (1 / 2 - y * (1 / 6 - y * (1 / 6 - y * (3 / 10 - y * 5 / 6)))))
