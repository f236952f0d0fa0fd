"""The levers of a first workload.toml: those whose role is known stated, the others left for a person."""

import json
from collections.abc import Iterator, Sequence

from rea.domain.lever import Lever, LeverType
from rea.executor.initial.guess import habit_of, lever_of
from rea.executor.initial.options import Option
from rea.executor.initial.quoting import listed, quoted


def lever_lines(options: Sequence[Option], taken: Sequence[Option]) -> Iterator[str]:
    """Yield the lines about ``options``; those ``taken`` carry data, output or seed and are no levers."""
    yield "# What may be turned. `default` has to be the training's own; roles are how knowledge carries over between codebases."
    left: list[Option] = []
    for option in options:
        habit = habit_of(option)
        lever = lever_of(option, habit) if habit and option not in taken else None
        if lever is not None:
            yield from _lever(lever, option)
        elif option not in taken:
            left.append(option)
    for option in left:
        shown = "a switch, which takes no value" if option.switch else f"default {option.default!r}"
        yield f"# TODO: {option.name} ({option.place}): {shown}; a lever? Its role and range are not known."


def _lever(lever: Lever, option: Option) -> Iterator[str]:
    yield f"[[lever]]                             # {option.place}"
    yield f"name = {quoted(lever.name)}"
    yield f"type = {quoted(lever.type)}"
    yield f"role = {quoted(lever.role)}"
    yield f"default = {json.dumps(lever.default)}"
    if lever.type is LeverType.CHOICE:
        yield f"choices = {listed(lever.choices)}"
    elif lever.low is not None and lever.high is not None:
        yield f"low = {_number(lever.low, lever.type)}"
        yield f"high = {_number(lever.high, lever.type)}"
        if lever.log:
            yield "log = true"
    yield ""


def _number(value: float, kind: LeverType) -> str:
    return str(int(value)) if kind is LeverType.INT else repr(float(value))
