"""Combination: stack what works. Pure.

Nested stacks show what each part adds, pairs tell synergy from conflict, and a pruned stack leaves out what adds nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rea.domain.action import Decision
from rea.domain.campaign import Campaign, PhaseRecord
from rea.domain.change import BASELINE, Change, combine, conflict
from rea.domain.experiment import Experiment, Phase
from rea.domain.ids import HypothesisId
from rea.planner.arms import Arm, arms
from rea.planner.cost import free_ms, full_ms, spent_in
from rea.planner.phases.opening import added, busy, compare, ended, experiment, fresh, opened
from rea.planner.phases.validation import at_full

STACKABLE = 0.6  # chance of being better than the baseline that a part must have
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Stack:
    """Changes that are stacked, and the hypotheses they came from."""

    change: Change
    hypotheses: tuple[HypothesisId, ...]

    def with_part(self, arm: Arm) -> "Stack":
        return Stack(combine(self.change, arm.change), (*self.hypotheses, *arm.experiment.hypotheses))


NOTHING = Stack(BASELINE, ())


def step(c: Campaign, round_: int) -> Decision:
    """Open the phase with nested stacks and pairs, then try the pruned stack and replicate the best."""
    record = c.phase(round_, Phase.COMBINATION)
    if record is None:
        return _open(c, round_)
    if record.ended or busy(c, record):
        return Decision()
    due = compare(c, record)
    if due:
        return due
    return _prune(c, record) or _replicate(c, record) or ended(record, "the stacks are compared")


def parts(c: Campaign, round_: int) -> list[Arm]:
    """Return the single changes worth stacking, best first."""
    validated = c.phase(round_, Phase.VALIDATION)
    field = arms(c, at_full(c, validated.experiments)) if validated else []
    return [a for a in field if a.p_positive >= STACKABLE][:DEEPEST]


def nested(found: Sequence[Arm]) -> list[Stack]:
    """Return the stacks of the best two, three, ... parts; a part that conflicts with a better one is left out."""
    stacks, top = [], NOTHING
    for arm in found:
        if conflict(top.change, arm.change) is None:
            top = top.with_part(arm)
            stacks.append(top)
    return stacks[1:]


def pairs(found: Sequence[Arm]) -> list[Stack]:
    """Return the pairs among the best three that no nested stack holds: their interactions tell synergy from conflict."""
    top = found[:3]
    return [
        NOTHING.with_part(a).with_part(b)
        for i, a in enumerate(top)
        for j, b in enumerate(top)
        if i < j and (i, j) != (0, 1) and conflict(a.change, b.change) is None
    ]


def _open(c: Campaign, round_: int) -> Decision:
    found = parts(c, round_)
    deep_first = list(reversed(nested(found)))
    wanted = [*deep_first[:1], *nested(found)[:1], *deep_first[1:-1], *pairs(found)]
    room = max(0, min(_left(c, round_), free_ms(c))) // full_ms(c)
    stacks = list({s.change: s for s in wanted if c.experiment_of(s.change, c.setup.full.name) is None}.values())
    chosen = [_experiment(c, s) for s in stacks[: int(room)]]
    replicates = [r for e in chosen for r in fresh(c, e.id, Phase.COMBINATION, 1)]
    reason = f"{len(found)} parts stack into {len(chosen)} combinations" if chosen else "fewer than two parts to stack"
    return opened(round_, Phase.COMBINATION, chosen, replicates, reason)


def _prune(c: Campaign, record: PhaseRecord) -> Decision:
    """Try the deepest stack without the parts whose addition made the nested stacks worse; once."""
    found = parts(c, record.round)
    effects = {a.change: a.raw for a in arms(c, [*record.experiments, *(a.experiment.id for a in found)])}
    chain = [NOTHING.with_part(found[0]), *nested(found)] if found else []
    kept, before = NOTHING, 0.0
    for arm, stack in zip(_stacked(found), chain, strict=True):
        after = effects.get(stack.change, before)
        if after >= before:
            kept = kept.with_part(arm)
        before = after
    if len(kept.hypotheses) < 2 or kept.change in effects or free_ms(c) < full_ms(c):
        return Decision()
    if c.experiment_of(kept.change, c.setup.full.name) is not None:
        return Decision()
    pruned = _experiment(c, kept)
    return added(record, (pruned,), fresh(c, pruned.id, Phase.COMBINATION, 1), "without the parts that added nothing")


def _stacked(found: Sequence[Arm]) -> list[Arm]:
    kept, top = [], NOTHING
    for arm in found:
        if conflict(top.change, arm.change) is None:
            top = top.with_part(arm)
            kept.append(arm)
    return kept


def _replicate(c: Campaign, record: PhaseRecord) -> Decision:
    """Give the best two stacks a second seed, so that the choice between them is not one draw."""
    best = [a for a in arms(c, record.experiments)[:2] if a.runs == 1]
    room = max(0, min(_left(c, record.round), free_ms(c))) // full_ms(c)
    replicates = [r for a in best[: int(room)] for r in fresh(c, a.experiment.id, Phase.COMBINATION, 1)]
    return added(record, (), replicates, "a second seed for the best stacks") if replicates else Decision()


def _left(c: Campaign, round_: int) -> int:
    planned = c.plan.phase(Phase.COMBINATION) if c.plan else None
    return free_ms(c) if planned is None else planned.high_ms - spent_in(c, round_, Phase.COMBINATION)


def _experiment(c: Campaign, stack: Stack) -> Experiment:
    return experiment(c, stack.change, c.setup.full.name, stack.hypotheses)
