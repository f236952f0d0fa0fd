"""The isotonic map, against a second derivation, scikit-learn, and lines where a line cannot be right."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from ranker import metrics
from ranker.calibrate import apply, fit, pools, restored, stored
from ranker.predict import sigmoid


def test_pools_are_the_nearest_rising_sequence():
    rng = np.random.default_rng(0)
    label = (rng.random(60) < np.linspace(0.1, 0.9, 60)).astype(float)
    mean, length = pools(label)
    sums = np.concatenate([[0.0], np.cumsum(label)])
    by_definition = [
        max(min((sums[k + 1] - sums[j]) / (k + 1 - j) for k in range(i, 60)) for j in range(i + 1)) for i in range(60)
    ]  # Robertson, Wright and Dykstra (1988), theorem 1.4.4
    assert np.repeat(mean, length) == pytest.approx(by_definition)
    assert np.repeat(mean, length) == pytest.approx(IsotonicRegression().fit_transform(np.arange(60), label))


@pytest.fixture
def bent():
    """Logits whose truth is no line of them: (logit, label), twice."""
    rng = np.random.default_rng(1)
    parts = []
    for _ in range(2):
        logit = rng.normal(size=20_000) * 1.5
        truth = np.where(logit < 0.0, 0.3 * logit - 1.0, 2.0 * logit - 1.0)
        parts.append((logit, (rng.random(20_000) < sigmoid(truth)).astype(float)))
    return parts


def test_on_a_bent_truth_it_is_better_than_a_line_on_rows_it_never_saw(bent):
    (logit, label), (fresh, truth) = bent
    loss = {
        kind: metrics.log_loss(truth, sigmoid(apply(fit(kind, logit, label), fresh))) for kind in ("platt", "isotonic")
    }
    assert loss["isotonic"] < loss["platt"] - 0.005


def test_it_keeps_the_order_of_all_rows(bent):
    (logit, label), (fresh, truth) = bent
    wide = np.concatenate([fresh, [-50.0, 50.0, -51.0, 51.0]])
    mapped = apply(fit("isotonic", logit, label), wide)
    order = np.argsort(wide)
    assert (np.diff(mapped[order])[np.diff(wide[order]) > 0] > 0).all()
    assert metrics.auc(truth, mapped[:-4]) == pytest.approx(metrics.auc(truth, fresh), abs=1e-12)


def test_it_comes_back_from_json_as_it_was(bent):
    import json

    (logit, label), (fresh, _) = bent
    for kind in ("isotonic", "platt", "none"):
        found = fit(kind, logit, label)
        assert (apply(restored(json.loads(json.dumps(stored(found)))), fresh) == apply(found, fresh)).all()


def test_rows_of_one_logit_or_one_kind_are_no_trouble():
    label = np.array([0.0, 1.0, 0.0, 1.0])
    assert np.isfinite(apply(fit("isotonic", np.zeros(4), label), np.array([-1.0, 0.0, 1.0]))).all()
    assert (apply(fit("isotonic", np.arange(4.0), np.ones(4)), np.arange(4.0)) == np.arange(4.0)).all()
