"""Validation: every hypothesis has its chance, alone where the budget is ample, in groups that share a run where it is not. Pure.

Alone, the cheap fidelity comes first: the hopeless stop there, the others are promoted and replicated. Groups run in full, once: what each member
adds is told by Combination, from all runs together.
"""

from math import ceil

from rea.domain.action import Decision
from rea.domain.campaign import Campaign, PhaseRecord
from rea.domain.experiment import Experiment, Phase
from rea.domain.hypothesis import Aim, Hypothesis
from rea.domain.ids import ExperimentId
from rea.planner.arms import Arm, arms
from rea.planner.barring import barred
from rea.planner.cost import first_rung, free_ms, full_ms, group_size, ideas_for, run_ms, screened, spent_in
from rea.planner.phases.opening import added, busy, compare, ended, experiment, fresh, opened, unpaid
from rea.planner.screening import groups, together

KEEP = 0.35  # share of a rung that is promoted whatever it shows
HOPEFUL = 0.7  # chance of being better than the baseline above which an arm is promoted all the same
WORTH_A_LOOK = 0.35  # chance below which no further replicate is spent on an arm at full fidelity
DECIDED = 0.995  # chance above which a second run is enough: it will be stacked whatever the next one shows


def step(c: Campaign, round_: int) -> Decision:
    """Open the phase, race its arms up the fidelities and through the planned looks, and end it."""
    record = c.phase(round_, Phase.VALIDATION)
    if record is None:
        return _open(c, round_)
    if record.ended:
        return Decision()
    due = compare(c, record)  # as scores come, so that there is something to hand over when somebody asks for it early
    if due or busy(c, record):
        return due
    return _promote(c, record) or _look(c, record) or ended(record, "no further look would change what is stacked")


def _open(c: Campaign, round_: int) -> Decision:
    tested = {h for e in c.experiments.values() for h in e.hypotheses}
    untested = [h for h in c.hypotheses.values() if h.id not in tested]
    # the others are at hand for stacks
    untested = untested[: screened(c)] if round_ == 1 else untested[-ideas_for(c) :]
    rung = first_rung(c) if round_ == 1 else c.setup.full
    chosen: list[Experiment] = []
    doomed = barred(c)
    money = free_ms(c)
    for group in groups([h for h in untested if not doomed(h.change)], group_size(c)):
        alone = len(group) == 1
        fidelity = rung if alone else c.setup.full
        money -= run_ms(c, fidelity.name)
        if money < 0:
            break
        chosen.append(experiment(c, together(group), fidelity.name, (h.id for h in group)))
    replicates = [r for e in chosen for r in fresh(c, e.id, Phase.VALIDATION, 1)]
    count = sum(len(e.hypotheses) for e in chosen)
    how = f"one at a time, at {rung.name}" if count == len(chosen) else f"in {len(chosen)} runs that they share"
    return opened(round_, Phase.VALIDATION, chosen, replicates, f"{count} hypotheses, {how}")


def _promote(c: Campaign, record: PhaseRecord) -> Decision:
    """Send the better part of the highest rung reached on to the next; efficiency claims are decided at full fidelity only."""
    ladder = [f.name for f in c.setup.fidelities]
    alone = [e for e in record.experiments if len(c.experiments[e].hypotheses) == 1]
    reached = max((ladder.index(c.experiments[e].fidelity) for e in alone), default=-1)
    if reached < 0 or reached == len(ladder) - 1:
        return Decision()
    field = arms(c, [e for e in alone if c.experiments[e].fidelity == ladder[reached]])
    kept = [a for i, a in enumerate(field) if i < ceil(KEEP * len(field)) or a.p_positive > HOPEFUL or _saves(c, a)]
    kept = kept[: max(0, _left(c, record)) // run_ms(c, ladder[reached + 1])]
    above = [experiment(c, a.change, ladder[reached + 1], a.experiment.hypotheses) for a in kept]
    replicates = [r for e in above for r in fresh(c, e.id, Phase.VALIDATION, 1)]
    if not above:
        return Decision()
    return added(record, above, replicates, f"{len(above)} of {len(field)} go on to {ladder[reached + 1]}")


def _look(c: Campaign, record: PhaseRecord) -> Decision:
    """Give the arms that may be worth stacking the replicates of the next planned look."""
    field = arms(c, [e for e in at_full(c, record.experiments) if len(c.experiments[e].hypotheses) == 1])
    runs = max((a.runs for a in field), default=0)
    target = next((look for look in c.policy.looks if look > runs), None)
    if target is None or runs == 0 or unpaid(c, record):
        return Decision()
    hopeful = [a for a in field if (a.p_positive > WORTH_A_LOOK and not _decided(a)) or _saves(c, a)]
    replicates = []
    budget = _left(c, record)
    for arm in hopeful[: max(1, ceil(len(field) * runs**-0.5))]:
        wanted = fresh(c, arm.experiment.id, Phase.VALIDATION, target - arm.runs)
        budget -= len(wanted) * max(full_ms(c), arm.cost_ms)
        if budget < 0:
            break
        replicates += wanted
    return added(record, (), replicates, f"look {target}: more seeds where they decide") if replicates else Decision()


def _decided(arm: Arm) -> bool:
    return arm.runs > 1 and arm.p_positive > DECIDED


def at_full(c: Campaign, experiments: tuple[ExperimentId, ...]) -> list[ExperimentId]:
    """Return those experiments that ran at full fidelity."""
    return [e for e in experiments if c.experiments[e].fidelity == c.setup.full.name]


def _left(c: Campaign, record: PhaseRecord) -> int:
    planned = c.plan.phase(Phase.VALIDATION) if c.plan else None
    if planned is None or record.round > 1:
        return free_ms(c) // 2
    return min(free_ms(c), planned.most_ms - spent_in(c, record.round, Phase.VALIDATION))


def _saves(c: Campaign, arm: Arm) -> bool:
    claims = [h for h in hypotheses_of(c, arm.experiment) if h.aim is Aim.EFFICIENCY]
    return bool(claims) and arm.mean > -arm.sd


def hypotheses_of(c: Campaign, of: Experiment) -> list[Hypothesis]:
    """Return the hypotheses an experiment tests that are still known."""
    return [c.hypotheses[h] for h in of.hypotheses if h in c.hypotheses]
