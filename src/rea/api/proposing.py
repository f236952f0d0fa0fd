"""A person's own hypotheses, checked against the real levers before anything records them."""

from math import isfinite

from rea.domain.campaign import Campaign
from rea.domain.change import Change
from rea.domain.errors import Undetectable, UsageError
from rea.domain.hypothesis import Effect, Hypothesis, Move, Operation, SourceName, hypothesis_id
from rea.domain.ids import HypothesisId
from rea.domain.lever import Lever, LeverType, Scalar
from rea.domain.workload import Workload
from rea.planner.cost import confirmation_seeds
from rea.planner.detection import confirmable
from rea.planner.outlook import advice

SPREAD = 0.01  # half of the interval around what a person predicts


def idea(c: Campaign, overrides: tuple[str, ...], statement: str, predicted: float) -> Hypothesis:
    """Return a person's hypothesis from ``name=value`` words; the lever of a patch brings its patch along.

    Raises:
        UsageError: a word is no assignment, or a lever is unknown or does not admit the value.
        Undetectable: an effect as small as ``predicted`` could not be told; 0 predicts nothing.
    """
    _detects(c, predicted)
    values = [_assignment(c.setup, word) for word in overrides]
    change = c.with_patches(Change(overrides=tuple((lever.name, value) for lever, value in values)))
    return Hypothesis(
        id=hypothesis_id(change),
        statement=statement or f"{change} helps.",
        rationale="An engineer's own idea.",
        change=change,
        moves=tuple(Move(role=lever.role, operation=Operation.SET, operand=value) for lever, value in values),
        source=SourceName.ENGINEER,
        predicted=Effect(value=predicted, low=predicted - SPREAD, high=predicted + SPREAD),
        falsifier="The judged metric is no better than the baseline's.",
    )


def _detects(c: Campaign, predicted: float) -> None:
    if c.noise is None or predicted <= 0:
        return
    least = confirmable(c, confirmation_seeds(c))
    if predicted < least:
        why = f"an improvement of {predicted:.2%} could not be told: this budget's Confirmation detects {least:.2%} and more"
        raise Undetectable(why, f"{advice(c, predicted)}; without --predicted it is tried as something unknown")


def hypothesis_named(c: Campaign, beginning: str) -> HypothesisId:
    """Return the one hypothesis whose id begins so.

    Raises:
        UsageError: there is none, or more than one.
    """
    found = [h for h in c.hypotheses if h.startswith(beginning)]
    if len(found) != 1:
        raise UsageError(f"{beginning!r} names {len(found)} hypotheses", "see rea plan for their ids")
    return found[0]


def _assignment(workload: Workload, word: str) -> tuple[Lever, Scalar]:
    from difflib import get_close_matches

    name, sign, text = word.partition("=")
    lever = workload.lever(name)
    if not sign:
        raise UsageError(f"{word!r} sets nothing", "write it as NAME=VALUE")
    if lever is None:
        near = get_close_matches(name, [x.name for x in workload.levers], 1)
        raise UsageError(
            f"{name!r} is no lever of {workload.name}",
            f"did you mean {near[0]!r}?" if near else "levers stand in workload.toml",
        )
    value = _value(lever, text)
    if value is None or not lever.admits(value):
        span = lever.choices or (lever.low, lever.high)
        raise UsageError(f"{name} does not admit {text!r}", f"it is a {lever.type} within {span}")
    return lever, value


def _value(lever: Lever, text: str) -> Scalar | None:
    try:
        match lever.type:
            case LeverType.INT:
                return int(text)
            case LeverType.FLOAT:
                return value if isfinite(value := float(text)) else None
            case LeverType.BOOL:
                return {"true": True, "false": False}.get(text.lower())
            case _:
                return text
    except ValueError:
        return None
