"""When a lever is declared right."""

from collections.abc import Iterator, Sequence

from rea.domain.lever import Lever, LeverType
from rea.executor.workload.problem import Problem


def lever_problems(levers: Sequence[Lever]) -> Iterator[Problem]:
    """Yield what is wrong with each lever, and names that are used twice."""
    seen: dict[str, int] = {}
    for at, lever in enumerate(levers, 1):
        place = f"[[lever]] {at} ({lever.name})"
        if seen.setdefault(lever.name, at) != at:
            yield Problem(place, f"has the same name as [[lever]] {seen[lever.name]}")
        yield from (Problem(place, text) for text in _problems(lever))


def _problems(lever: Lever) -> Iterator[str]:
    if not lever.name or any(letter.isspace() or letter == "=" for letter in lever.name):
        yield "name is empty or holds a space or '='"
    shape = list(_numeric(lever) if lever.numeric else _discrete(lever))
    yield from shape
    if not shape and not lever.admits(lever.default):
        yield f"default {lever.default!r} is {_wanted(lever)}"


def _numeric(lever: Lever) -> Iterator[str]:
    if lever.choices:
        yield f"choices are for type 'choice', not for {str(lever.type)!r}"
    if lever.low is None or lever.high is None:
        yield "low and high are both needed"
        return
    if lever.low >= lever.high:
        yield f"low {lever.low} is not below high {lever.high}"
    if lever.log and lever.low <= 0:
        yield "log needs a low above 0"
    if lever.type is LeverType.INT and not (lever.low.is_integer() and lever.high.is_integer()):
        yield "low and high of an int are whole numbers"


def _discrete(lever: Lever) -> Iterator[str]:
    if lever.low is not None or lever.high is not None or lever.log:
        yield f"low, high and log are for numbers, not for {str(lever.type)!r}"
    if lever.type is LeverType.BOOL and lever.choices:
        yield "a bool needs no choices"
    if lever.type is LeverType.CHOICE and len(set(lever.choices)) < 2:
        yield "needs at least two choices"
    if len(set(lever.choices)) < len(lever.choices):
        yield "names a choice twice"


def _wanted(lever: Lever) -> str:
    if lever.type is LeverType.CHOICE:
        return f"none of the choices {', '.join(map(repr, lever.choices))}"
    if lever.type is LeverType.BOOL:
        return "neither true nor false"
    return f"no {lever.type} between {lever.low:g} and {lever.high:g}"
