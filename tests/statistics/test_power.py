import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rea.statistics.power import detectable, runs_needed, standard_errors_needed

sds = st.floats(1e-4, 0.1)
counts = st.integers(1, 100)


def test_the_rule_of_thumb() -> None:
    assert 2 * standard_errors_needed() ** 2 == pytest.approx(15.7, abs=0.01)
    assert runs_needed(0.006, 0.003) == 63
    assert runs_needed(0.006, 0.01) == 6


@given(sds, sds, counts, counts)
def test_more_runs_detect_less(sd: float, row_sd: float, n_c: int, n_b: int) -> None:
    found = detectable(sd, row_sd, n_c, n_b)
    assert detectable(sd, row_sd, n_c + 1, n_b) < found
    assert detectable(sd, row_sd, n_c, n_b + 1) < found
    assert found > standard_errors_needed() * row_sd
    assert detectable(sd, row_sd, n_b, n_c) == pytest.approx(found)


@given(sds, st.floats(1e-3, 0.1))
def test_runs_needed_detect_what_they_were_asked_for(sd: float, effect: float) -> None:
    n = runs_needed(sd, effect)
    assert detectable(sd, 0.0, n, n) <= effect * (1 + 1e-9)
    assert n == 2 or detectable(sd, 0.0, n - 1, n - 1) > effect


def test_the_promised_power_is_had() -> None:
    rng, n = np.random.default_rng(0), 63
    difference = rng.normal(0.003, 0.006 * (2 / n) ** 0.5, 20_000)
    found = np.abs(difference) > 1.96 * 0.006 * (2 / n) ** 0.5
    assert found.mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("effect", [0.0, -0.01])
def test_no_effect_cannot_be_detected(effect: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        runs_needed(0.01, effect)
