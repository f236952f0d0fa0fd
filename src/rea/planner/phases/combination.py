"""Combination: what works together, found by runs that each carry several hypotheses. Pure.

A generation is as many runs as there are slots: stacks, parts left out, a second look at what leads, whichever is expected to improve most on the
best (``screening``). Each generation is planned on what the one before has told, so that something is there to hand over early.
"""

from rea.domain.action import Decision
from rea.domain.campaign import Campaign, PhaseRecord
from rea.domain.change import Change
from rea.domain.experiment import Experiment, Phase
from rea.planner.cost import free_ms, full_ms, spent_in
from rea.planner.phases.exploitation import choosing_ms
from rea.planner.phases.opening import added, busy, compare, ended, experiment, fresh, opened, unpaid
from rea.planner.screening import generation, hypotheses_in, price

FEWEST = 2  # hypotheses, below which there is nothing to combine


def step(c: Campaign, round_: int) -> Decision:
    """Open the phase, plan one generation after the other, and end it when its money is spent or nothing promises more."""
    record = c.phase(round_, Phase.COMBINATION)
    if record is None:
        return opened(round_, Phase.COMBINATION, (), (), "stack what works, leave out what does not")
    if record.ended:
        return Decision()
    due = compare(c, record)
    if due or busy(c, record):
        return due
    return _next(c, record) or ended(record, "nothing more is expected of another stack")


def _next(c: Campaign, record: PhaseRecord) -> Decision:
    if len(c.hypotheses) < FEWEST or unpaid(c, record):
        return Decision()
    left, wanted = min(_left(c, record.round), choosing_ms(c)), list[Change]()
    for change in generation(c, c.policy.slots, len(record.replicates)):
        left -= round(price(c, change) * full_ms(c))
        if left < 0:
            break
        wanted.append(change)
    if not wanted:
        return Decision()
    return _run(c, record, wanted)


def _run(c: Campaign, record: PhaseRecord, wanted: list[Change]) -> Decision:
    chosen = {x: _experiment(c, x) for x in wanted}
    replicates = [r for x, e in chosen.items() for r in fresh(c, e.id, Phase.COMBINATION, sum(y == x for y in wanted))]
    again = sum(c.experiment_of(x, c.setup.full.name) is not None for x in chosen)
    reason = f"{len(chosen) - again} new stacks, {again} looked at again"
    return added(record, tuple(chosen.values()), replicates, reason)


def _left(c: Campaign, round_: int) -> int:
    planned = c.plan.phase(Phase.COMBINATION) if c.plan else None
    return free_ms(c) if planned is None else planned.most_ms - spent_in(c, round_, Phase.COMBINATION)


def _experiment(c: Campaign, change: Change) -> Experiment:
    known = c.experiment_of(change, c.setup.full.name)
    return known or experiment(c, change, c.setup.full.name, hypotheses_in(c, change))
