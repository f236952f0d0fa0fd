"""Placeholders and overrides: what reaches the program is what was meant, to the last digit."""

import ast

from executor.materialise.toy import job, workload
from hypothesis import given
from hypothesis import strategies as st

from rea.domain.change import change
from rea.domain.lever import Scalar
from rea.domain.workload import Command
from rea.executor.materialise import arguments, formatted
from rea.executor.materialise.command import overrides_of

NAMES = st.text("abcxyz019._-", min_size=1, max_size=12)
SCALARS = st.one_of(
    st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=12)
)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_comes_back_exactly(value: float) -> None:
    assert float(formatted(value)) == value


@given(st.integers())
def test_an_int_comes_back_and_is_no_bool(value: int) -> None:
    assert ast.literal_eval(formatted(value)) == value
    assert formatted(True) == "true"
    assert formatted(False) == "false"


@given(st.dictionaries(NAMES, SCALARS, max_size=5))
def test_overrides_become_tokens_of_their_own_in_either_style(overrides: dict[str, Scalar]) -> None:
    pairs = tuple(sorted(overrides.items()))
    joined = arguments(Command(argv=("x", "{overrides}")), {}, pairs)
    assert joined == ("x", *(f"{name}={formatted(value)}" for name, value in pairs))
    flags = arguments(Command(argv=("x", "{overrides}", "y"), override=("--{name}", "{value}")), {}, pairs)
    assert flags == ("x", *(token for name, value in pairs for token in (f"--{name}", formatted(value))), "y")


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_value_that_looks_like_a_placeholder_is_left_alone(data: str, out: str) -> None:
    built = arguments(Command(argv=("{data}|{out}", "{data}{data}")), {"data": data, "out": out}, ())
    assert built == (f"{data}|{out}", data + data)


def test_values_that_hold_placeholders_are_never_expanded_again() -> None:
    command = Command(argv=("a={data}", "{out}", "{overrides}"))
    built = arguments(command, {"data": "{out}", "out": "{data}"}, (("n", "{name} {value}"),))
    assert built == ("a={out}", "{data}", "n={name} {value}")


def test_no_token_is_split_or_read_by_a_shell() -> None:
    built = arguments(Command(argv=("{python}", "{data}")), {"python": "/a b/python", "data": "$(rm -rf x); *"}, ())
    assert built == ("/a b/python", "$(rm -rf x); *")


def test_resume_is_there_only_with_a_checkpoint() -> None:
    command = Command(argv=("x", "{resume}", "y"), resume=("--resume", "{checkpoint}"), checkpoint="c")
    assert arguments(command, {}, ()) == ("x", "y")
    assert arguments(command, {"checkpoint": "/j/out/c"}, ()) == ("x", "--resume", "/j/out/c", "y")


def test_a_change_wins_over_the_fidelity_and_an_adjustment_over_both() -> None:
    declared = workload()
    assert overrides_of(job(fidelity="half"), declared) == (("epochs", 1), ("lr", 0.3))
    changed = job(fidelity="half", change=change(lr=0.5, dim=8))
    assert overrides_of(changed, declared) == (("dim", 8), ("epochs", 1), ("lr", 0.5))
    adjusted = job(fidelity="half", change=change(lr=0.5), adjustment=change(lr=0.25))
    assert overrides_of(adjusted, declared) == (("epochs", 1), ("lr", 0.25))
