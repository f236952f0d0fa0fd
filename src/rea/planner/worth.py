"""What a hypothesis promises for its price, and how to choose variety. Pure."""

from collections.abc import Sequence

from rea.domain.hypothesis import Aim, Effect, Hypothesis
from rea.domain.technique import Family, family_of

SAME_ROLES = 0.35  # what a proposal is still worth after another that turns the same roles
SAME_FAMILY = 0.8  # ... after another of the same family
TRAINING_FOR_FREE = 0.005  # the relative improvement that saving a whole training is worth
MARGIN = 0.002  # the loss of quality, relative, that counts as none for an efficiency claim

_SWANSON = (0.3, 0.4, 0.3)  # weights of the 10 %, 50 % and 90 % points (Hurst, Brown & Swanson, AAPG Bulletin 2000)


def expected_improvement(effect: Effect) -> float:
    """Return the mean of the effect's positive part, since what makes things worse is not kept.

    The 80 % interval's ends and middle are weighed 30-40-30, so that a wide interval with a high upper end is worth a try.
    """
    points = (effect.low, effect.value, effect.high)
    return sum(weight * max(0.0, point) for weight, point in zip(_SWANSON, points, strict=True))


def worth(hypothesis: Hypothesis) -> float:
    """Return the expected improvement per cost of one training; an efficiency claim adds what it saves if quality holds."""
    gain = expected_improvement(hypothesis.predicted)
    if hypothesis.aim is Aim.EFFICIENCY:
        gain += TRAINING_FOR_FREE * max(0.0, 1 - hypothesis.cost) * _holds(hypothesis.predicted)
    return gain / hypothesis.cost


def trodden(hypothesis: Hypothesis) -> int:
    """Return how many experiments spoke of it before: a technique's name stands in its evidence, too, and is none."""
    return max(0, len(hypothesis.evidence) - bool(hypothesis.technique))


def diversify(hypotheses: Sequence[Hypothesis], count: int) -> list[Hypothesis]:
    """Return the best ``count``, each time the one that is worth most after its likeness to those already chosen."""
    left, chosen = sorted(hypotheses, key=lambda h: (-worth(h), h.id)), list[Hypothesis]()
    while left and len(chosen) < count:
        best = max(left, key=lambda h: worth(h) * _novelty(h, chosen))
        left.remove(best)
        chosen.append(best)
    return chosen


def _holds(effect: Effect) -> float:
    points = (effect.low, effect.value, effect.high)
    return sum(weight for weight, point in zip(_SWANSON, points, strict=True) if point >= -MARGIN)


def _novelty(hypothesis: Hypothesis, chosen: Sequence[Hypothesis]) -> float:
    same = sum(_turned(hypothesis) == _turned(other) for other in chosen)
    related = sum(_families(hypothesis) == _families(other) for other in chosen) - same
    return float(SAME_ROLES**same * SAME_FAMILY ** max(0, related))


def _turned(hypothesis: Hypothesis) -> frozenset[str]:
    names = {name for name, _ in hypothesis.change.overrides}
    return frozenset(move.role for move in hypothesis.moves if move.role != "other") or frozenset(names)


def _families(hypothesis: Hypothesis) -> frozenset[Family]:
    return frozenset(family_of(move.role) for move in hypothesis.moves)
