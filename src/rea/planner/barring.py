"""What is not begun: what would fail as something else did, would not end within its limit, or could not be confirmed with what is left. Pure."""

from collections.abc import Callable
from functools import partial

from rea.domain.campaign import Campaign
from rea.domain.change import Change, part_of
from rea.domain.diagnosis import Fault
from rea.domain.ids import ExperimentId
from rea.domain.lever import Scalar
from rea.domain.runbook import Cause
from rea.planner.arms import broken, field
from rea.planner.cost import free_ms, full_ms, short_ms
from rea.statistics.dearness import dearness


def barred(c: Campaign) -> Callable[[Change], bool]:
    """Return what says of a change that it would fail as another did, so that no failure is paid for and looked into twice.

    A setting that has run well somewhere is innocent; of a change that failed, the others are suspects. A finished diagnosis names the culprit.
    """
    known = {d.experiment: d for d in c.diagnoses.values()}
    failed = dict.fromkeys((*c.dropped, *sorted(broken(c)), *known))
    well = {o for arm in field(c) for o in arm.change.overrides} if failed else set[tuple[str, Scalar]]()
    tests: list[Callable[[Change], bool]] = []
    for e in failed:
        change, found = c.experiments[e].change, known.get(e)
        suspects = set(change.overrides) - well
        if found is None and unlucky(c, e):
            tests.append(partial(part_of, change))
        elif found is not None and found.fault is Fault.CHANGE:
            tests.append(partial(part_of, found.minimal))
        elif found is not None:
            # where each ran well with others, it takes two of them to fail
            tests.append(partial(_shares_with, suspects or set(change.overrides), 1 if suspects else 2))
        else:
            tests.append(partial(part_of, change))
            tests.append(partial(_shares_with, suspects, 2))
    tests.append(lambda x: too_dear(c, round(dearness(c, x) * full_ms(c))))
    return lambda change: any(test(change) for test in tests)


def too_dear(c: Campaign, cost_ms: int) -> bool:
    """Whether a run would be paid for in vain: its limit would end it, or what is left then would not confirm what it finds."""
    resources = c.setup.resources
    return cost_ms > resources.time_limit_s * 1000 * resources.devices or cost_ms + short_ms(c, cost_ms) > free_ms(c)


def unlucky(c: Campaign, experiment: ExperimentId) -> bool:
    """Whether an experiment was dropped for what it takes and not for what it is, which says nothing of the quality of its parts."""
    made = [c.jobs[job] for key in c.runs_of.get(experiment, ()) for job in c.attempts.get(key, ())]
    return bool(made) and made[-1].treatment is not None and made[-1].treatment.cause is Cause.RESOURCES


def _shares_with(settings: set[tuple[str, Scalar]], least: int, change: Change) -> bool:
    return len(settings & set(change.overrides)) >= least
