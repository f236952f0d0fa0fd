"""One lever at a time, where nothing is known: plain exploration, and called so. Pure."""

from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

from rea.domain.change import Change, change, override
from rea.domain.hypothesis import Hypothesis, Move, Operation, SourceName, hypothesis_id
from rea.domain.lever import Lever, LeverType, Role, Scalar
from rea.domain.training_cost import training_cost
from rea.planner.binding import Unbound, turn
from rea.planner.wording import at_baseline, blind_effect, wording
from rea.ports import Briefing

# Gently: most turns of a competent default do harm, the farther the more, and ranges that begin at nothing span magnitudes.
FACTOR = 2.0  # by which a number is turned, either way
SHARES = (1 / 6, 1 / 30)  # of its range, by which a lever is turned on that is off
UNRELATED = (Role.MICRO_BATCH,)  # levers that change what a training needs, not what it learns


def explorations(briefing: Briefing) -> list[Hypothesis]:
    """Return single moves of every declared lever, a first one of each before a second of any; levers with a known role first."""
    levers = sorted(
        (v for v in briefing.workload.levers if v.role not in UNRELATED), key=lambda v: v.role is Role.OTHER
    )
    rows = ([*_of(lever, briefing)] for lever in levers)
    return [h for h in chain.from_iterable(zip_longest(*rows)) if h is not None]


def _of(lever: Lever, briefing: Briefing) -> Iterator[Hypothesis]:
    value = briefing.current.value(lever.name, lever.default)
    for operation, operand in _turns(lever, value):
        reached = turn(lever, operation, operand, value)
        if isinstance(reached, Unbound):
            continue
        changed = override(briefing.current, change(**{lever.name: reached}))
        if not at_baseline(briefing.workload, changed):
            yield _hypothesis(Move(role=lever.role, operation=operation, operand=operand), changed, briefing)


def _turns(lever: Lever, value: Scalar) -> Sequence[tuple[Operation, Scalar]]:
    if isinstance(value, bool):
        return ((Operation.SET, not value),)
    if lever.type is LeverType.CHOICE or isinstance(value, str):
        return tuple((Operation.SET, choice) for choice in lever.choices if choice != value)
    factors: tuple[tuple[Operation, Scalar], ...] = ((Operation.MULTIPLY, FACTOR), (Operation.MULTIPLY, 1 / FACTOR))
    return factors if value != 0 else tuple((Operation.SET, operand) for operand in _gently(lever))


def _gently(lever: Lever) -> tuple[float, ...]:
    low, high = lever.low or 0.0, lever.high if lever.high is not None else 1.0
    return tuple(low + share * (high - low) for share in SHARES)


def _hypothesis(move: Move, changed: Change, briefing: Briefing) -> Hypothesis:
    words = wording(briefing.workload, briefing.current, changed)
    return Hypothesis(
        id=hypothesis_id(changed),
        statement=f"Exploration: {words} changes the metric.",
        rationale="No technique speaks of it; one lever is turned alone so that its effect can be told.",
        change=changed,
        moves=(move,),
        source=SourceName.RESEARCH,
        predicted=blind_effect(briefing.noise),
        falsifier="The effect cannot be told from zero.",
        cost=training_cost(briefing.workload, briefing.current, changed),
        technique="exploration",
    )
