"""How much of what is known is told. Pure."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def telling(best_first: Sequence[T], most: int) -> Sequence[T]:
    """Return all, or of more than ``most`` the best half of so many and an even sample of the others."""
    half = most // 2
    if len(best_first) <= most:
        return best_first
    return [*best_first[:half], *best_first[half :: -(-(len(best_first) - half) // half)]]
