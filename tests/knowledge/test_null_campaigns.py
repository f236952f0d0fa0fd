"""Whole simulated campaigns in which nothing helps must not launch anything more often than alpha, and the test must notice when they would."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

CAMPAIGNS = 600


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "error_control.py"
    spec = importlib.util.spec_from_file_location("error_control", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["error_control"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("world", ["null", "null, two arms four times as noisy"])
def test_null_campaigns_launch_nothing(bench: ModuleType, world: str) -> None:
    found = bench.figures(next(w for w in bench.WORLDS if w.name == world), CAMPAIGNS, seed=1)
    assert found.upper <= 0.05
    assert found.simultaneous >= 0.93


def test_confirming_on_what_was_chosen_by_is_seen_to_fail(bench: ModuleType) -> None:
    broken = bench.Rules(fresh_seeds=False, fresh_rows=False)
    assert bench.figures(bench.WORLDS[0], CAMPAIGNS, 1, broken).lower > 0.05


def test_true_improvements_are_found_and_not_oversold(bench: ModuleType) -> None:
    found = bench.figures(next(w for w in bench.WORLDS if w.name == "dense"), 150, seed=1)
    assert found.power > 0.9
    assert abs(found.confirmed_optimism) < 0.001
    assert found.quoted_optimism < found.raw_optimism
