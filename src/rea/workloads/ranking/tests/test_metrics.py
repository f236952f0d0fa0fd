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


def drawn(seed):
    """Labels and predictions with ties, of both classes, few or many."""
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(2, 300))
    label = (rng.random(rows) < rng.uniform(0.05, 0.95)).astype(float)
    label[:2] = 0.0, 1.0
    return label, np.round(rng.random(rows), int(rng.integers(1, 8))) * 0.98 + 0.01


@pytest.mark.parametrize("seed", range(40))
def test_by_a_second_derivation(seed):
    label, p = drawn(seed)
    positive, negative = p[label == 1][:, None], p[label == 0][None, :]
    assert metrics.auc(label, p) == pytest.approx(
        ((positive > negative) + 0.5 * (positive == negative)).mean(), abs=1e-12
    )
    rate = label.mean()
    nats = -sum(np.log(q if y else 1 - q) for y, q in zip(label, p, strict=True))
    constant = -len(label) * (rate * np.log(rate) + (1 - rate) * np.log(1 - rate))
    assert metrics.normalized_entropy(label, p) == pytest.approx(nats / constant, rel=1e-10)
    assert metrics.calibration(label, p) == pytest.approx(p.sum() / label.sum())


@pytest.mark.parametrize("seed", range(40))
def test_what_must_and_must_not_change_them(seed):
    label, p = drawn(seed)
    order = np.random.default_rng(seed).permutation(len(label))
    for name, value in metrics.summary(label, p).items():
        assert metrics.summary(label[order], p[order])[name] == pytest.approx(value, rel=1e-9)
    assert metrics.auc(label, p**3) == pytest.approx(metrics.auc(label, p), abs=1e-12)
    assert metrics.auc(1 - label, p) == pytest.approx(1 - metrics.auc(label, p), abs=1e-12)
    assert metrics.normalized_entropy(1 - label, 1 - p) == pytest.approx(metrics.normalized_entropy(label, p), rel=1e-9)
    assert metrics.normalized_entropy(label, np.full(len(label), label.mean())) == pytest.approx(1.0)
