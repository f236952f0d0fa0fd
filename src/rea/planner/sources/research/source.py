"""The research source: what the field knows, in the order of what it promises here for its price."""

from collections.abc import Sequence

from rea.domain.hypothesis import Hypothesis, SourceName
from rea.domain.ids import digest
from rea.domain.technique import Technique
from rea.planner.priors import rerank
from rea.planner.sources.research.explore import explorations
from rea.planner.sources.research.formulate import hypotheses
from rea.planner.trust import trust
from rea.planner.worth import diversify, trodden
from rea.ports import Briefing, Insights

EXPLORATION_SHARE = 0.15


class ResearchSource:
    """Proposes techniques that apply and bind, by expected improvement per cost and variety.

    What the catalogue claims is believed as far as its claims held so far, and corrected by what was measured in this very place; what was measured
    elsewhere stands beside it, and is the history source's to speak for. ``exploration_share`` of the proposals are drawn from the rest without
    regard to rank, what was tried least first, the same for the same briefing. Where too few techniques bind, single levers are explored.
    """

    def __init__(
        self,
        techniques: Sequence[Technique],
        insights: Insights | None = None,
        exploration_share: float = EXPLORATION_SHARE,
    ) -> None:
        self._techniques = tuple(techniques)
        self._insights = insights
        self._exploration_share = exploration_share

    def propose(self, briefing: Briefing, count: int) -> Sequence[Hypothesis]:
        known = self._known(briefing)
        ranked = diversify(known, count - int(count * self._exploration_share))
        chosen = {h.id: h for h in ranked}
        for hypothesis in (*_drawn(known, briefing), *explorations(briefing)):
            if len(chosen) < count and hypothesis.id not in briefing.taken:
                chosen.setdefault(hypothesis.id, hypothesis)
        return tuple(chosen.values())

    def _known(self, briefing: Briefing) -> list[Hypothesis]:
        found: dict[str, Hypothesis] = {}
        for technique in self._techniques:
            for hypothesis in hypotheses(technique, briefing.workload, briefing.current):
                if hypothesis.id not in briefing.taken:
                    found.setdefault(hypothesis.id, hypothesis)
        if self._insights is None:
            return list(found.values())
        told = self._insights.all()
        held_to = trust(SourceName.RESEARCH, told, {t.name: t.effect for t in self._techniques})
        here = any(i.setting == briefing.setting for i in told)
        return rerank(list(found.values()), self._insights, briefing.setting, held_to, corrected=here)


def _drawn(known: Sequence[Hypothesis], briefing: Briefing) -> list[Hypothesis]:
    return sorted(known, key=lambda h: (trodden(h), digest("exploration", briefing.setting, briefing.round, h.id)))
