"""Moves of a remedy: ranges, types and where they start from."""

from dataclasses import replace

import pytest
from executor.remedies import CLIP, LEVERS, QUARTER, SLOWER, WORKLOAD, job
from hypothesis import given
from hypothesis import strategies as st

from rea.domain.change import BASELINE, change
from rea.domain.hypothesis import Move, Operation
from rea.domain.lever import Lever, LeverType, Role
from rea.executor.moves import apply, is_on, values


def test_values_stack_fidelity_change_and_adjustment() -> None:
    assert values(job(), WORKLOAD)["batch"] == 1000
    assert values(job(fidelity="third"), WORKLOAD)["batch"] == 512
    assert values(job(change(batch=64), "third"), WORKLOAD)["batch"] == 64
    assert values(job(change(batch=64), "third", change(batch=32)), WORKLOAD)["batch"] == 32


def test_a_cheaper_run_starts_from_its_own_batch() -> None:
    assert apply((QUARTER,), job(fidelity="third"), WORKLOAD) == change(micro=128)


@given(st.integers(2, 65536))
def test_the_micro_batch_becomes_a_power_of_two_of_at_most_a_quarter(batch: int) -> None:
    micro = dict(apply((QUARTER,), job(change(batch=batch)), WORKLOAD).overrides)["micro"]
    assert isinstance(micro, int)
    assert 1 <= micro < batch
    assert micro & (micro - 1) == 0
    assert micro <= max(1, batch // 4)


@pytest.mark.parametrize(("micro", "batch"), [(1, 1000), (0, 1), (0, 0)])
def test_what_cannot_be_smaller_is_left_alone(micro: int, batch: int) -> None:
    assert apply((QUARTER,), job(change(micro=micro, batch=batch)), WORKLOAD) == BASELINE


def test_a_range_pulls_a_value_in_but_never_the_wrong_way() -> None:
    assert apply((SLOWER,), job(change(lr=0.002)), WORKLOAD) == change(lr=0.001)
    assert apply((SLOWER,), job(change(lr=0.001)), WORKLOAD) == BASELINE
    tight = replace(WORKLOAD, levers=(*LEVERS[:3], replace(LEVERS[3], low=512)))
    assert apply((QUARTER,), job(), tight) == change(micro=512)
    assert apply((QUARTER,), job(change(batch=256)), tight) == BASELINE


def test_setting_what_is_so_already_is_no_move() -> None:
    assert apply((CLIP,), job(change(clip=1.0)), WORKLOAD) == BASELINE
    assert apply((CLIP,), job(), WORKLOAD) == change(clip=1.0)


def test_a_role_without_a_lever_and_a_word_for_a_number_are_no_moves() -> None:
    warm = Move(role=Role.WARMUP, operation=Operation.SET, operand=0.1)
    word = Move(role=Role.LEARNING_RATE, operation=Operation.SET, operand="small")
    twice = Move(role=Role.NORMALISATION, operation=Operation.MULTIPLY, operand=2)
    assert apply((warm, word, twice), job(), WORKLOAD) == BASELINE


def test_choices_are_set_only_to_what_they_admit() -> None:
    layer = Move(role=Role.NORMALISATION, operation=Operation.SET, operand="layer")
    group = replace(layer, operand="group")
    assert apply((layer,), job(), WORKLOAD) == change(norm="layer")
    assert apply((group,), job(), WORKLOAD) == BASELINE


def test_adding_adds() -> None:
    more = Move(role=Role.BATCH_SIZE, operation=Operation.ADD, operand=24)
    assert apply((more,), job(), WORKLOAD) == change(batch=1024)


@pytest.mark.parametrize(
    ("norm", "on"),
    [("none", False), ("off", False), ("False", False), ("Layer_Norm", False), ("batch", True), ("bn", True)],
)
def test_on_means_neither_off_nor_harmless(norm: str, on: bool) -> None:
    lever = Lever(name="norm", type=LeverType.CHOICE, role=Role.NORMALISATION, default=norm, choices=(norm,))
    workload = replace(WORKLOAD, levers=(lever,))
    assert is_on("normalisation", ("layernorm",), job(), workload) is on
    assert not is_on("gating", (), job(), workload)
