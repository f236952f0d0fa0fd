"""Numbers read as what is known of them."""

import pytest

from rea.domain.hypothesis import Effect
from rea.report import numbers as n
from rea.report.plots.style import clipped, window


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (-0.0328, -0.0370, -0.0285, "−3.28 % [−3.70, −2.85]"),
        (0.2, 0.1, 0.3, "+20.0 % [+10.0, +30.0]"),
        (0.00012, 0.00008, 0.00016, "+0.0120 % [+0.0080, +0.0160]"),
        (0.0, 0.0, 0.0, "0.00 % [0.00, 0.00]"),
        (-0.00001, -0.01, 0.01, "0.0 % [−1.0, +1.0]"),
    ],
)
def test_an_effect_has_the_digits_its_interval_supports(value: float, low: float, high: float, text: str) -> None:
    assert n.effect(Effect(value=value, low=low, high=high)).replace("\u00a0", " ") == text


def test_an_improvement_becomes_the_metrics_change_with_its_ends_in_order() -> None:
    turned = n.turned(Effect(value=0.03, low=0.02, high=0.05), -1)
    assert (turned.low, turned.value, turned.high) == (-0.05, -0.03, -0.02)
    assert n.turned(turned, 1) == turned


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0 s"), (1800, "1.8 s"), (60_000, "60 s"), (600_000, "10.0 min"), (36_000_000, "10.0 h"), (3.6e9, "1000 h")],
)
def test_durations_take_the_unit_that_fits(milliseconds: float, text: str) -> None:
    assert n.duration(milliseconds).replace("\u00a0", " ") == text


def test_times_are_in_utc_and_what_is_no_time_is_left_alone() -> None:
    assert n.moment("2026-01-01T02:30:00+02:00") == "2026-01-01 00:30:00 UTC"
    assert n.moment("yesterday") == "yesterday"
    assert n.elapsed("2026-01-01T00:00:00+00:00", "2026-01-01T10:00:00+00:00").replace("\u00a0", " ") == "10.0 h"
    assert n.elapsed("", "x") == ""


def test_a_diverged_run_does_not_flatten_the_plot() -> None:
    low, high = window([-0.5, -0.1, 0.0, 0.2, 0.4, 0.5, -25.0], hold=[1.0, 1.7])
    assert -10 < low < -0.5
    assert high > 1.7
    assert clipped(-25.0, (low, high), "<>", "o") == (low, "<")
    assert clipped(0.3, (low, high), "<>", "o") == (0.3, "o")
    assert window([0.0], hold=())[0] < 0
