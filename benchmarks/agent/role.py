"""The bare role: a proposer that shows the levers and whatever strangers wrote, unfiltered, and asks for values to try.

The real ones (``roles.py``) keep strangers' text out of the proposer's sight; behind this one only the checks of an answer stand.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rea.agent.question import Model, Question
from rea.domain.change import Change
from rea.domain.hypothesis import Effect, Hypothesis, Move, Operation, SourceName, hypothesis_id
from rea.domain.lever import Role
from rea.domain.workload import Workload
from rea.ports import Briefing

GOOD = json.dumps({"ideas": [{"lever": "a", "value": 0.5, "statement": "half of it", "predicted": 0.01}]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Idea:
    lever: str
    value: float
    statement: str
    predicted: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ideas:
    ideas: tuple[Idea, ...]


def nothing() -> str:
    """Read the notes beside the configuration."""
    return "nothing is noted"


@dataclass(frozen=True, slots=True)
class Asking:
    """The ``HypothesisSource`` over a model. ``material`` is what it is shown beside the levers, ``read`` what its one tool gives."""

    model: Model
    material: str = ""
    read: Callable[[], str] = nothing

    def propose(self, briefing: Briefing, count: int) -> Sequence[Hypothesis]:
        names = ", ".join(lever.name for lever in briefing.workload.levers)

        def read_notes() -> str:
            """Read the notes beside the configuration."""
            return self.read()

        question = Question(
            role="proposer",
            instructions="Propose values of levers worth trying, each with the relative improvement that you expect.",
            material=f"levers: {names}\nround: {briefing.round}\n{self.material}",
            answer=Ideas,
            check=lambda ideas: wrong(ideas, briefing.workload),
            tools=(read_notes,),
            most_tokens=500,
        )
        value = self.model.ask(question).value
        fresh = () if value is None else tuple(_hypothesis(idea) for idea in value.ideas)
        return tuple(h for h in fresh if h.id not in briefing.taken)[:count]


def wrong(ideas: Ideas, workload: Workload) -> str:
    """Return what no lever of the workload allows."""
    for idea in ideas.ideas:
        lever = workload.lever(idea.lever)
        if lever is None:
            return f"{idea.lever[:80]!r} is no lever"
        if not lever.admits(idea.value):
            return f"{idea.lever} does not admit {idea.value}"
        if not -1 < idea.predicted < 1 or len(idea.statement) > 2000:
            return "predicted is a relative improvement, and a statement is short"
    return ""


def _hypothesis(idea: Idea) -> Hypothesis:
    change = Change(overrides=((idea.lever, idea.value),))
    return Hypothesis(
        id=hypothesis_id(change),
        statement=idea.statement,
        rationale="proposed by a model",
        change=change,
        moves=(Move(role=Role.OTHER, operation=Operation.SET, operand=idea.value),),
        source=SourceName.RESEARCH,
        predicted=Effect(value=idea.predicted, low=idea.predicted - 0.01, high=idea.predicted + 0.01),
        falsifier="no improvement",
    )
