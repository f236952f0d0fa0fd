"""The history source: what worked before comes first, then its neighbours; what was refuted is withheld.

Stacks that worked elsewhere are not offered as a whole: a campaign stacks by what it believes of each part, and can tell the parts apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

from rea.domain.change import Change
from rea.domain.hypothesis import Effect, Hypothesis, Move, SourceName, hypothesis_id
from rea.domain.technique import Technique
from rea.domain.training_cost import training_cost
from rea.planner.binding import Unbound, bind
from rea.planner.sources.history.lessons import Lesson, further, lessons
from rea.planner.trust import trust, trusted
from rea.planner.wording import at_baseline, percent, wording
from rea.planner.worth import diversify
from rea.ports import Briefing, Insights
from rea.statistics.calibration import Calibration

STRETCHED = 1.5  # how much wider the interval is where a move goes further than any that was tried


@dataclass(frozen=True, slots=True, kw_only=True)
class _Idea:
    """Moves that history suggests, and what it lets expect of them."""

    moves: tuple[Move, ...]
    effect: Effect
    lesson: Lesson
    why: str


class HistorySource:
    """Proposes from insights; with none it proposes nothing. ``techniques`` lend their cost and citation to insights that name them."""

    def __init__(self, insights: Insights, techniques: Sequence[Technique] = ()) -> None:
        self._insights = insights
        self._techniques = {technique.name: technique for technique in techniques}

    def propose(self, briefing: Briefing, count: int) -> Sequence[Hypothesis]:
        told, claims = self._insights.all(), {t.name: t.effect for t in self._techniques.values()}
        catalogue, held_to = trust(SourceName.RESEARCH, told, claims), trust(SourceName.HISTORY, told, claims)
        learnt = lessons(self._insights, briefing.setting, {n: trusted(e, catalogue) for n, e in claims.items()})
        found: dict[str, Hypothesis] = {}
        for idea in _ideas(learnt):
            hypothesis = self._hypothesis(_trusted(idea, held_to), briefing)
            if hypothesis is not None and hypothesis.id not in briefing.taken:
                found.setdefault(hypothesis.id, hypothesis)
        return tuple(diversify(list(found.values()), count))

    def _hypothesis(self, idea: _Idea, briefing: Briefing) -> Hypothesis | None:
        bound = bind(idea.moves, briefing.workload, briefing.current)
        if isinstance(bound, Unbound) or at_baseline(briefing.workload, bound):
            return None
        words = wording(briefing.workload, briefing.current, bound)
        return Hypothesis(
            id=hypothesis_id(bound),
            statement=f"{words} helps as it did before: expected {percent(idea.effect)}.",
            rationale=idea.why,
            change=bound,
            moves=idea.moves,
            source=SourceName.HISTORY,
            predicted=idea.effect,
            falsifier="The effect here is not above zero.",
            aim=idea.lesson.aim,
            cost=self._cost(idea, briefing, bound),
            technique=" + ".join(idea.lesson.techniques),
            citation=" ".join(self._citations(idea)),
            evidence=idea.lesson.prior.evidence,
        )

    def _cost(self, idea: _Idea, briefing: Briefing, bound: Change) -> float:
        """Return the product of the techniques' costs, or what epochs and ensembles tell where that is more, and more for what often fails."""
        known = prod(self._techniques[name].cost for name in idea.lesson.techniques if name in self._techniques)
        told = training_cost(briefing.workload, briefing.current, bound)
        return (max(known, told) if told > 1 else known) / (1 - idea.lesson.prior.risk)

    def _citations(self, idea: _Idea) -> Iterator[str]:
        named = idea.lesson.techniques
        return (f"{self._techniques[name].citation}." for name in named if name in self._techniques)


def _ideas(learnt: Sequence[Lesson]) -> Iterator[_Idea]:
    """Yield what worked, and what worked taken further; only lessons that are hopeful, and of no stack, count."""
    hopeful = [lesson for lesson in learnt if lesson.hopeful and len(lesson.techniques) < 2]
    for lesson in hopeful:
        yield _Idea(moves=lesson.moves, effect=lesson.prior.effect, lesson=lesson, why=lesson.prior.tally)
    for lesson in hopeful:
        for moves in further(lesson):
            why = f"{lesson.prior.tally} A step further the same way may help more."
            yield _Idea(moves=moves, effect=_widened(lesson.prior.effect), lesson=lesson, why=why)


def _trusted(idea: _Idea, calibration: Calibration) -> _Idea:
    return replace(idea, effect=trusted(idea.effect, calibration)) if calibration.count else idea


def _widened(effect: Effect) -> Effect:
    value = effect.value
    return Effect(
        value=value, low=value - STRETCHED * (value - effect.low), high=value + STRETCHED * (effect.high - value)
    )
