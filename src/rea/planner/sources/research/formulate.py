"""A technique and a configuration make hypotheses with concrete values. Pure."""

from collections.abc import Iterator

from rea.domain.change import Change
from rea.domain.hypothesis import Hypothesis, Move, Operation, SourceName, hypothesis_id
from rea.domain.lever import LeverType
from rea.domain.technique import Technique
from rea.domain.workload import Workload
from rea.planner.binding import Unbound, bind
from rea.planner.sources.research.preconditions import applies
from rea.planner.wording import at_baseline, percent, wording


def hypotheses(technique: Technique, workload: Workload, current: Change) -> Iterator[Hypothesis]:
    """Yield what ``technique`` claims here: nothing where it does not apply or bind, several where it tries every choice."""
    if not applies(technique, workload, current):
        return
    for moves in _alternatives(technique, workload):
        bound = bind(moves, workload, current)
        if not isinstance(bound, Unbound) and not at_baseline(workload, bound):
            yield _hypothesis(technique, moves, bound, wording(workload, current, bound))


def _alternatives(technique: Technique, workload: Workload) -> Iterator[tuple[Move, ...]]:
    if technique.every is None:
        yield technique.moves
        return
    for lever in workload.with_role(technique.every):
        for choice in lever.choices if lever.type is LeverType.CHOICE else ():
            yield (Move(role=technique.every, operation=Operation.SET, operand=choice),)


def _hypothesis(technique: Technique, moves: tuple[Move, ...], bound: Change, words: str) -> Hypothesis:
    return Hypothesis(
        id=hypothesis_id(bound),
        statement=f"{technique.statement} Here: {words}; expected {percent(technique.effect)}.",
        rationale=" ".join(part for part in (technique.rationale, technique.caution) if part),
        change=bound,
        moves=moves,
        source=SourceName.RESEARCH,
        predicted=technique.effect,
        falsifier=technique.falsifier,
        aim=technique.aim,
        cost=technique.cost,
        technique=technique.name,
        citation=f"{technique.citation}. {technique.url}".strip(),
        evidence=(technique.name,),
    )
