"""Which hypotheses to test, out of what every source offers. Pure."""

from collections.abc import Iterable, Sequence

from rea.domain.hypothesis import Hypothesis, SourceName
from rea.domain.ids import HypothesisId, digest
from rea.planner.worth import diversify, trodden

HISTORY_MORE = 0.5  # ideas of history for each that others are asked for: they come on top, so that a history that misleads takes nobody's place
MODEL_SHARE = 0.5  # of the ranked that may come from a language model, and of any first so many: promising more than others costs it nothing


def choose(
    offers: Sequence[Sequence[Hypothesis]], count: int, exploration_share: float, seed: int
) -> tuple[Hypothesis, ...]:
    """Return at most ``count`` of the offered hypotheses, one a change, in the order in which to spend on them; and after them what history adds.

    The engineer's own come first, as they were written. The others follow by expected improvement per cost (``worth``), discounted by
    likeness to what was chosen before. ``exploration_share`` of those others is kept for what was tried least, drawn by ``seed`` from what is
    left over, and comes after them: else what is well trodden would be trodden for ever.
    """
    remembered = _once(h for offer in offers for h in offer if h.source is SourceName.HISTORY)
    copied = {h.id for h in remembered}  # naming more evidence for a known idea makes it no idea of a model's own
    uncopied = (h for offer in offers for h in offer if not (_modelled(h) and h.id in copied))
    known = _once(h for h in uncopied if h.source is not SourceName.HISTORY)
    own = [h for h in known if h.source is SourceName.ENGINEER][:count]
    others, room = [h for h in known if h.source is not SourceName.ENGINEER], count - len(own)
    seats = room - int(room * exploration_share)
    new = diversify([h for h in others if _modelled(h)], int(seats * MODEL_SHARE))
    ranked = diversify([h for h in others if not _modelled(h) or h in new], seats)
    left = sorted((h for h in others if h not in ranked), key=lambda h: (trodden(h), digest("portfolio", seed, h.id)))
    drawn = left[: room - len(ranked)]
    taken = {h.id for h in (*own, *ranked, *drawn)}
    told = diversify([h for h in remembered if h.id not in taken], int(count * HISTORY_MORE))
    return (*own, *_in_turn(ranked), *drawn, *told)


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


def _once(hypotheses: Iterable[Hypothesis]) -> list[Hypothesis]:
    """Keep one hypothesis a change: the engineer's, else the catalogue's, else a model's; among equals the one that rests on most evidence.

    A model is credited only with what nobody else offers.
    """
    kept: dict[HypothesisId, Hypothesis] = {}
    for hypothesis in hypotheses:
        other = kept.get(hypothesis.id)
        if other is None or _standing(hypothesis) > _standing(other):
            kept[hypothesis.id] = hypothesis
    return list(kept.values())


def _standing(hypothesis: Hypothesis) -> tuple[bool, bool, int]:
    return (
        hypothesis.source is SourceName.ENGINEER,
        not _modelled(hypothesis),
        len(hypothesis.evidence),
    )
