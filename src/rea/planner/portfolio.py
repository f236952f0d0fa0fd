"""Which hypotheses to test, out of what every source offers. Pure."""

from collections.abc import Iterable, Sequence

from rea.domain.hypothesis import Hypothesis, SourceName
from rea.domain.ids import HypothesisId, digest
from rea.planner.worth import diversify


def choose(
    offers: Sequence[Sequence[Hypothesis]], count: int, exploration_share: float, seed: int
) -> tuple[Hypothesis, ...]:
    """Return at most ``count`` of the offered hypotheses, one a change, in the order in which to spend on them.

    The engineer's own come first, as they were written. The others follow by expected improvement per cost (``worth``), discounted by
    likeness to what was chosen before. ``exploration_share`` of those others is drawn by ``seed`` from what is left over, and comes last.
    """
    known = _once(hypothesis for offer in offers for hypothesis in offer)
    own = [h for h in known if h.source is SourceName.ENGINEER][:count]
    others, room = [h for h in known if h.source is not SourceName.ENGINEER], count - len(own)
    ranked = diversify(others, room - int(room * exploration_share))
    left = sorted((h for h in others if h not in ranked), key=lambda h: digest("portfolio", seed, h.id))
    return (*own, *ranked, *left[: room - len(ranked)])


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
