"""The engineer's source: ideas that a person wrote down come as they were written."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from rea.domain.change import Change, override
from rea.domain.errors import UsageError
from rea.domain.hypothesis import Hypothesis, SourceName, hypothesis_id
from rea.domain.lever import Lever, LeverType, Scalar
from rea.domain.training_cost import training_cost
from rea.domain.workload import Workload
from rea.planner.binding import Unbound, bind
from rea.planner.sources.engineer.ideas import Idea, read
from rea.planner.wording import as_moves, at_baseline, unknown_effect, wording
from rea.ports import Briefing


class EngineerSource:
    """Proposes what ``ideas.toml`` says, in its order; nothing when there is no such file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def propose(self, briefing: Briefing, count: int) -> Sequence[Hypothesis]:
        """Raises UsageError when an idea cannot be read or cannot be tried here; one that is so already is passed over."""
        proposed = (_hypothesis(idea, briefing) for idea in read(self._path))
        new = {h.id: h for h in proposed if h is not None and h.id not in briefing.taken}
        return tuple(new.values())[:count]


def _hypothesis(idea: Idea, briefing: Briefing) -> Hypothesis | None:
    workload, current = briefing.workload, briefing.current
    change = _set(idea, workload, current) if idea.set else _moved(idea, workload, current)
    if change is None or at_baseline(workload, change) or not wording(workload, current, change):
        return None
    cost = training_cost(workload, current, change) if idea.cost is None else idea.cost
    return Hypothesis(
        id=hypothesis_id(change),
        statement=f"{idea.statement} ({wording(workload, current, change)})",
        rationale=idea.why,
        change=change,
        moves=idea.moves or as_moves(workload, current, change),
        source=SourceName.ENGINEER,
        predicted=idea.predicted or unknown_effect(briefing.noise),
        falsifier=idea.falsifier,
        aim=idea.aim,
        cost=cost,
    )


def _set(idea: Idea, workload: Workload, current: Change) -> Change:
    wanted = ((_lever(name, idea, workload), value) for name, value in idea.set)
    return override(current, Change(overrides=tuple((v.name, _admitted(v, value, idea)) for v, value in wanted)))


def _moved(idea: Idea, workload: Workload, current: Change) -> Change | None:
    bound = bind(idea.moves, workload, current)
    if isinstance(bound, Unbound) and not bound.already:
        raise UsageError(f"{idea.place}: {bound.reason}", "name levers with set, or another move")
    return None if isinstance(bound, Unbound) else bound


def _lever(name: str, idea: Idea, workload: Workload) -> Lever:
    lever = workload.lever(name)
    if lever is None:
        near = difflib.get_close_matches(name, [v.name for v in workload.levers], n=1, cutoff=0.0)
        hint = f"the nearest is {near[0]!r}" if near else "the workload declares no levers"
        raise UsageError(f"{idea.place}: {workload.name} has no lever {name!r}", hint)
    return lever


def _admitted(lever: Lever, value: Scalar, idea: Idea) -> Scalar:
    if not lever.admits(value):
        raise UsageError(f"{idea.place}: {lever.name} does not admit {value!r}", f"write {_admits(lever)}")
    return float(value) if lever.type is LeverType.FLOAT else value


def _admits(lever: Lever) -> str:
    if lever.type is LeverType.BOOL:
        return "true or false"
    if lever.type is LeverType.CHOICE:
        return f"one of {', '.join(map(repr, lever.choices))}"
    return f"a {'whole ' if lever.type is LeverType.INT else ''}number from {lever.low} to {lever.high}"
