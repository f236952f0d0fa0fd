"""A source is trusted as far as its predictions held."""

import numpy as np
import pytest
from scipy.stats import beta
from statsmodels.api import WLS

from rea.statistics.calibration import RATIO_SD, Calibration, calibrate, share_interval


def drawn(ratio: float, spread: float, n: int, seed: int = 0) -> Calibration:
    rng = np.random.default_rng(seed)
    predicted = rng.uniform(0.002, 0.03, n)
    measured = ratio * predicted + rng.normal(0, spread * 0.006, n) + rng.normal(0, 0.002, n)
    return calibrate(predicted.tolist(), [0.006] * n, measured.tolist(), [0.002] * n)


def test_without_a_record_everything_is_taken_at_its_word() -> None:
    assert calibrate([], [], [], []) == Calibration()


@pytest.mark.parametrize("ratio", [0.0, 0.3, 1.0, -0.5])
def test_what_was_measured_of_the_predicted_is_found(ratio: float) -> None:
    found = drawn(ratio, 1.0, 200)
    assert found.ratio == pytest.approx(ratio, abs=0.1)
    assert found.low < found.ratio < found.high
    assert found.spread == pytest.approx(1.0, abs=0.15)


def test_few_predictions_move_little() -> None:
    assert drawn(0.0, 1.0, 200).ratio < 0.1 < drawn(0.0, 1.0, 1).ratio < 1.0


def test_too_narrow_intervals_are_found_and_so_is_how_often_they_held() -> None:
    honest, proud = drawn(1.0, 1.0, 300), drawn(1.0, 4.0, 300)
    assert proud.spread > 2.5
    assert honest.inside / 300 == pytest.approx(0.8, abs=0.07) and proud.inside / 300 < 0.45


def test_the_ratio_is_the_regression_with_one_row_more() -> None:
    rng = np.random.default_rng(3)
    p, q, m, s = (
        rng.normal(0.01, 0.01, 9),
        rng.uniform(0.002, 0.01, 9),
        rng.normal(0, 0.01, 9),
        rng.uniform(0.001, 0.01, 9),
    )
    found = calibrate(p.tolist(), q.tolist(), m.tolist(), s.tolist())
    weights = np.append(1 / (q**2 + s**2), 1 / RATIO_SD**2)
    reference = WLS(np.append(m, 1.0), np.append(p, 1.0), weights=weights).fit()
    assert found.ratio == pytest.approx(float(reference.params[0]))


def test_a_share_has_jeffreys_interval() -> None:
    assert share_interval(3, 10) == pytest.approx(tuple(beta(3.5, 7.5).ppf([0.1, 0.9])))
    assert share_interval(0, 5)[0] == 0.0 and share_interval(5, 5)[1] == 1.0
