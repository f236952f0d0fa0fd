"""Which hypotheses to test, out of what every source offers. Pure."""

from collections.abc import Iterable, Sequence

from rea.domain.hypothesis import Hypothesis, SourceName
from rea.domain.ids import HypothesisId, digest
from rea.planner.worth import diversify, trodden

HISTORY_SHARE = (
    0.5  # of the ranked hypotheses that may come from history: the rest is the catalogue's, should history mislead
)
MODEL_SHARE = 0.5  # ... that may come from a language model, and of any first so many: promising more than others costs it nothing
STACK_SHARE = (
    0.2  # of the ranked hypotheses that may stack what helped elsewhere: apart they can be told from each other
)


def choose(
    offers: Sequence[Sequence[Hypothesis]], count: int, exploration_share: float, seed: int
) -> tuple[Hypothesis, ...]:
    """Return at most ``count`` of the offered hypotheses, one a change, in the order in which to spend on them.

    The engineer's own come first, as they were written. The others follow by expected improvement per cost (``worth``), discounted by
    likeness to what was chosen before. ``exploration_share`` of those others is kept for what was tried least, drawn by ``seed`` from what is
    left over, and comes last: else what is well trodden would be trodden for ever.
    """
    known = _once(hypothesis for offer in offers for hypothesis in offer)
    own = [h for h in known if h.source is SourceName.ENGINEER][:count]
    others, room = [h for h in known if h.source is not SourceName.ENGINEER], count - len(own)
    seats = room - int(room * exploration_share)
    stacks = diversify([h for h in others if _stacked(h)], int(seats * STACK_SHARE))
    old = [h for h in others if h.source is SourceName.HISTORY and (h in stacks or not _stacked(h))]
    told = diversify(old, int(seats * HISTORY_SHARE))
    new = diversify([h for h in others if _modelled(h)], int(seats * MODEL_SHARE))
    limited = (SourceName.HISTORY, SourceName.MODEL)
    ranked = _in_turn(diversify([h for h in others if h.source not in limited or h in told or h in new], seats))
    left = sorted((h for h in others if h not in ranked), key=lambda h: (trodden(h), digest("portfolio", seed, h.id)))
    return (*own, *ranked, *left[: room - len(ranked)])


def _in_turn(ranked: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Return the ranked with no more of a model's than of others at the front, while there are others: a short budget ends early in the list."""
    told: list[Hypothesis] = []
    waiting = list(ranked)
    while waiting:
        most = MODEL_SHARE * (len(told) + 1)
        full = sum(map(_modelled, told)) + 1 > max(1.0, most)
        place = next((i for i, h in enumerate(waiting) if not (full and _modelled(h))), 0)
        told.append(waiting.pop(place))
    return told


def _modelled(hypothesis: Hypothesis) -> bool:
    return hypothesis.source is SourceName.MODEL


def _stacked(hypothesis: Hypothesis) -> bool:
    """Whether history put several things together that each helped alone."""
    return hypothesis.source is SourceName.HISTORY and " + " in hypothesis.technique


def _once(hypotheses: Iterable[Hypothesis]) -> list[Hypothesis]:
    """Keep one hypothesis a change: the engineer's, else history's, else the catalogue's; among equals the one that rests on most evidence.

    A model is credited only with what nobody else offers: naming more evidence for a known idea makes it no idea of its own.
    """
    kept: dict[HypothesisId, Hypothesis] = {}
    for hypothesis in hypotheses:
        other = kept.get(hypothesis.id)
        if other is None or _standing(hypothesis) > _standing(other):
            kept[hypothesis.id] = hypothesis
    return list(kept.values())


def _standing(hypothesis: Hypothesis) -> tuple[bool, bool, bool, int]:
    return (
        hypothesis.source is SourceName.ENGINEER,
        hypothesis.source is SourceName.HISTORY,
        hypothesis.source is not SourceName.MODEL,
        len(hypothesis.evidence),
    )
