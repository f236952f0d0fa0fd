import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from ranker import metrics


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    label = (rng.random(500) < 0.3).astype(float)
    prediction = np.round(rng.random(500), 2 if seed % 2 else 9)  # ties in every other case
    clipped = np.clip(prediction, 1e-12, 1 - 1e-12)
    assert metrics.auc(label, prediction) == pytest.approx(roc_auc_score(label, prediction), abs=1e-12)
    assert metrics.log_loss(label, prediction) == pytest.approx(log_loss(label, clipped), abs=1e-12)


def test_a_constant_at_the_base_rate_has_entropy_one():
    label = np.array([0.0, 0.0, 1.0, 0.0])
    assert metrics.normalized_entropy(label, np.full(4, 0.25)) == pytest.approx(1.0)
    assert metrics.calibration(label, np.full(4, 0.5)) == pytest.approx(2.0)


def test_one_class_has_no_entropy_and_no_auc():
    assert np.isnan(metrics.normalized_entropy(np.ones(3), np.full(3, 0.5)))
    assert np.isnan(metrics.auc(np.ones(3), np.full(3, 0.5)))
