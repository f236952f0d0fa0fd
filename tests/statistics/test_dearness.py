"""What changes cost is learnt from runs that each turned several levers, and from those that their limit ended."""

from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rea.domain.change import Change
from rea.domain.lever import Lever, LeverType, Role
from rea.domain.lever import Scalar as Value
from rea.statistics import dearness
from rea.statistics.dearness import Cost, features, learn

LEVERS = {
    name: Lever(name=name, type=LeverType.FLOAT, role=Role.OTHER, default=default)
    for name, default in {"epochs": 4.0, "batch_size": 4096.0, "dropout": 0.0, "width": 64.0}.items()
} | {"cross": Lever(name="cross", type=LeverType.BOOL, role=Role.OTHER, default=False)}


def change(**overrides: Value) -> Change:
    return Change(overrides=tuple(overrides.items()))


def true_cost(x: Change) -> float:
    """As trainings do: in proportion to epochs, to a power of batch size and width, and a factor for the cross."""
    told = dict(x.overrides)
    number = {name: float(told.get(name, LEVERS[name].default)) for name in ("epochs", "batch_size", "width")}
    times = number["epochs"] / 4 * (number["batch_size"] / 4096) ** -0.5 * (number["width"] / 64) ** 0.3
    return float(times) * (1.4 if told.get("cross") else 1.0)


def drawn(rng: np.random.Generator) -> Change:
    turned: dict[str, Value] = {}
    if rng.random() < 0.5:
        turned["epochs"] = float(rng.choice([2, 6, 8]))
    if rng.random() < 0.5:
        turned["batch_size"] = float(rng.choice([512, 1024, 16384]))
    if rng.random() < 0.5:
        turned["dropout"] = float(rng.choice([0.1, 0.3]))
    if rng.random() < 0.5:
        turned["width"] = float(rng.choice([32, 256]))
    if rng.random() < 0.5:
        turned["cross"] = True
    return change(**turned) if turned else change(dropout=0.2)


def off(ran: list[Cost], told: list[Cost], asked: list[Change]) -> float:
    """Return the mean absolute error of the log cost of ``asked``."""
    found = learn(LEVERS, ran, told)
    return float(np.mean([abs(log(found.of(x) / true_cost(x))) for x in asked]))


def test_shared_runs_tell_what_each_lever_costs() -> None:
    rng = np.random.default_rng(0)
    ran = [Cost(x := drawn(rng), true_cost(x) * exp(rng.normal(0, 0.1))) for _ in range(25)]
    asked = [drawn(rng) for _ in range(50)]
    assert off(ran, [], asked) < 0.12 < 0.4 < off([], [], asked)


def test_a_value_between_others_is_foreseen() -> None:
    ran = [Cost(change(epochs=8.0), 2.0), Cost(change(epochs=2.0), 0.5)]
    assert learn(LEVERS, ran, []).of(change(epochs=6.0)) == pytest.approx(1.5, rel=0.05)


def test_what_is_said_counts_until_something_ran() -> None:
    said = [Cost(change(cross=True), 2.0), Cost(change(dropout=0.1), 1.0), Cost(change(dropout=0.3), 1.0)]
    assert learn(LEVERS, [], said).of(change(cross=True)) == pytest.approx(2.0, rel=0.1)
    ran = [Cost(change(cross=True, dropout=0.1), 1.0), Cost(change(cross=True, dropout=0.3), 1.0)]
    assert learn(LEVERS, ran, said).of(change(cross=True)) < 1.4


def test_a_run_that_its_limit_ended_was_dear() -> None:
    cut = Cost(change(cross=True, width=256.0), 3.0, at_least=True)
    assert learn(LEVERS, [cut], []).of(cut.change) > 3.0


def test_a_run_that_was_cut_short_tells_nothing_where_more_was_expected() -> None:
    ran = [Cost(change(epochs=16.0), 4.0)] * 3
    early = Cost(change(epochs=16.0), 0.1, at_least=True)
    assert learn(LEVERS, [*ran, early], []) == learn(LEVERS, ran, [])


def test_planted_bug_a_cut_run_is_taken_at_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dearness, "BEYOND", 0.5)
    cut = Cost(change(cross=True, width=256.0), 3.0, at_least=True)
    assert not learn(LEVERS, [cut], []).of(cut.change) > 3.0


def test_what_stands_at_its_default_costs_nothing() -> None:
    assert features(LEVERS, change(cross=False, dropout=0.0)) == {}
    assert features(LEVERS, change(epochs=4.0)) == {"epochs": 0.0}
    assert features(LEVERS, change(gone="x")) == {"gone = x": 1.0}, "a lever of a patch that is not there any more"


@given(st.lists(st.tuples(st.integers(0, 2**16), st.floats(0.05, 20.0)), max_size=12))
def test_costs_are_positive_and_the_baseline_s_is_one(told: list[tuple[int, float]]) -> None:
    ran = [Cost(drawn(np.random.default_rng(seed)), times) for seed, times in told]
    found = learn(LEVERS, ran, [])
    assert found.of(Change()) == 1.0
    assert all(0 < found.of(cost.change) < 1e6 for cost in ran)
