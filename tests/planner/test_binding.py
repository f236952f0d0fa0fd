import math
import tomllib
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from planner.foreign import FOREIGN, number, switch, words, workload

from rea.domain.change import BASELINE, Change, change
from rea.domain.hypothesis import Move, Operation
from rea.domain.lever import Lever, LeverType, Role, Scalar
from rea.domain.technique import parse_move
from rea.domain.workload import Workload
from rea.knowledge.techniques.catalogue import load
from rea.planner.binding import Unbound, bind
from rea.planner.sources.research.formulate import hypotheses

CATALOGUE = load()
RANKING = Path("src/rea/workloads/ranking/workload.toml")


def bound(text: str, of: Workload = FOREIGN, current: Change = BASELINE) -> Change | Unbound:
    return bind(tuple(parse_move(part) for part in text.split(", ")), of, current)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("learning_rate x 3", {"optim.lr": 0.003}),
        ("schedule = cosine", {"sched": "CosineAnnealingLR"}),
        ("optimizer = adamw, weight_decay = 0.01", {"optim.name": "AdamW", "wd": 0.01}),
        ("normalisation = batch", {"use_bn": True}),
        ("precision = bf16", {"amp": True}),
        ("weight_averaging = 0.99", {"ema": True}),
        ("activation = silu", {"act": "Swish"}),
        ("architecture = dcnv2", {"net": "DCN-v2"}),
        ("tower_width x 2", {"hidden1": 256, "hidden2": 128}),
        ("epochs x 0.67", {"n_epochs": 2}),
        ("batch_size x 64", {"bs": 65536}),
        ("learning_rate x 3, schedule = constant", {"optim.lr": 0.003}),
    ],
)
def test_moves_find_a_strangers_levers(text: str, expected: dict[str, Scalar]) -> None:
    assert bound(text) == change(**expected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ensemble = 3", "no lever plays the role"),
        ("normalisation = layer", "only on or off"),
        ("architecture = masknet", "no choice like"),
        ("dropout x 2", "no factor changes"),
        ("epochs x 1000", "cannot get near"),
        ("learning_rate = fast", "takes numbers"),
        ("optimizer x 2", "takes words"),
        ("other x 2", "no lever plays the role"),
        ("schedule = constant", "already"),
        ("dropout = 0", "already"),
        ("learning_rate x 3, ensemble = 3", "no lever plays the role"),
        ("learning_rate x 2, learning_rate x 0.5", "already"),
    ],
)
def test_what_cannot_be_made_says_why(text: str, reason: str) -> None:
    result = bound(text)
    assert isinstance(result, Unbound) and reason in result.reason


def test_a_move_starts_from_what_is_set_now() -> None:
    current = change(**{"optim.lr": 0.01, "p_drop": 0.2})
    assert bound("learning_rate x 3", current=current) == change(**{"optim.lr": 0.03, "p_drop": 0.2})


def test_the_bound_is_taken_only_for_a_third_of_the_step() -> None:
    near = workload(number("lr", Role.LEARNING_RATE, 0.01, 1e-4, 0.015, log=True))
    far = workload(number("lr", Role.LEARNING_RATE, 0.01, 1e-4, 0.0143, log=True))
    assert bound("learning_rate x 3", near) == change(lr=0.015)
    assert isinstance(bound("learning_rate x 3", far), Unbound)


def test_a_list_of_numbers_is_a_grid() -> None:
    grid = workload(words("bs", Role.BATCH_SIZE, "512", "1024", "4096"))
    assert bound("batch_size x 2", grid) == change(bs="1024")
    assert bound("batch_size x 6", grid) == change(bs="4096")
    assert isinstance(bound("batch_size x 0.5", grid), Unbound)


def test_many_techniques_bind_to_a_foreign_codebase() -> None:
    binding = [t.name for t in CATALOGUE if [*hypotheses(t, FOREIGN, BASELINE)]]
    assert len(binding) >= 15, binding


@pytest.mark.skipif(not RANKING.exists(), reason="the built-in workload is not there")
def test_nearly_all_techniques_bind_to_the_built_in_codebase() -> None:
    levers = tuple(
        Lever(
            **{
                **table,
                "type": LeverType(table["type"]),
                "role": Role(table["role"]),
                "choices": tuple(table.get("choices", ())),
            }
        )
        for table in tomllib.loads(RANKING.read_text())["lever"]
    )
    ours = workload(*levers, day="day")
    binding = {t.name for t in CATALOGUE if [*hypotheses(t, ours, BASELINE)]}
    assert len(binding) >= 60, sorted({t.name for t in CATALOGUE} - binding)


ROLES = st.sampled_from([Role.LEARNING_RATE, Role.TOWER_DEPTH, Role.NORMALISATION])


@st.composite
def levers(draw: st.DrawFn) -> Lever:
    role = draw(ROLES)
    kind = draw(st.sampled_from(["float", "int", "bool", "choice", "grid"]))
    if kind == "bool":
        return switch("x", role, draw(st.booleans()))
    if kind in ("choice", "grid"):
        pool = ["none", "BatchNorm", "layer_norm", "other"] if kind == "choice" else ["1", "2", "16", "100"]
        return words("x", role, *draw(st.permutations(pool)))
    low, high = sorted(draw(st.tuples(st.integers(-50, 50), st.integers(-50, 50))))
    assume(low < high)
    default = draw(st.integers(low, high))
    if kind == "int":
        return number("x", role, default, low, high)
    return number("x", role, float(default), low / 7, high * 1.3 + 30)


SCALARS = st.one_of(
    st.booleans(),
    st.integers(-1000, 1000),
    st.floats(-1e6, 1e6, allow_nan=False),
    st.sampled_from(["none", "batch", "bn", "layer", "2", "off"]),
)


@given(levers(), ROLES, st.sampled_from(Operation), SCALARS)
def test_a_bound_move_is_admitted_and_changes_something(
    lever: Lever, role: Role, operation: Operation, operand: Scalar
) -> None:
    assume(lever.admits(lever.default))
    result = bind((Move(role=role, operation=operation, operand=operand),), workload(lever), BASELINE)
    if isinstance(result, Unbound):
        assert result.reason
        return
    ((name, value),) = result.overrides
    assert name == "x" and role is lever.role
    assert lever.admits(value) and value != lever.default
    assert not isinstance(value, float) or math.isfinite(value)


@given(levers(), SCALARS)
def test_setting_again_changes_nothing(lever: Lever, operand: Scalar) -> None:
    assume(lever.admits(lever.default))
    moves = (Move(role=lever.role, operation=Operation.SET, operand=operand),)
    once = bind(moves, workload(lever), BASELINE)
    if isinstance(once, Unbound):
        return
    again = bind(moves, workload(lever), once)
    assert isinstance(again, Unbound) and again.already
