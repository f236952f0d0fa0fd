"""Metrics agree with scikit-learn, and their row variances with a second derivation."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import log_loss as sk_log_loss
from sklearn.metrics import roc_auc_score

from rea.domain.workload import MetricName
from rea.judge import metrics
from rea.judge.rows import Floats, Ints, Labels

SIZES = st.integers(4, 60)


@st.composite
def scored_rows(draw: st.DrawFn) -> tuple[Floats, Labels, Ints]:
    """Predictions (with many ties), labels of both kinds, groups."""
    rows = draw(SIZES)
    prediction = draw(arrays(np.float64, rows, elements=st.sampled_from([0.01, 0.2, 0.200001, 0.5, 0.9, 0.999])))
    label = draw(arrays(np.int8, rows, elements=st.integers(0, 1)))
    label[:2] = 0, 1
    group = draw(arrays(np.int64, rows, elements=st.integers(0, 5)))
    return prediction, label, group


@given(scored_rows())
def test_log_loss_and_auc_are_scikit_learns(rows: tuple[Floats, Labels, Ints]) -> None:
    prediction, label, _ = rows
    assert metrics.log_loss(prediction, label).value == pytest.approx(sk_log_loss(label, prediction), rel=1e-12)
    assert metrics.auc(prediction, label).value == pytest.approx(roc_auc_score(label, prediction), abs=1e-12)


@given(scored_rows())
def test_gauc_is_the_weighted_mean_of_groups_with_both_labels(rows: tuple[Floats, Labels, Ints]) -> None:
    prediction, label, group = rows
    masks = [group == g for g in np.unique(group)]
    mixed = [m for m in masks if 0 < label[m].sum() < m.sum()]
    found = metrics.score(MetricName.GAUC, prediction, label, group)
    if not mixed:
        assert found is None
        return
    wanted = np.average([roc_auc_score(label[m], prediction[m]) for m in mixed], weights=[m.sum() for m in mixed])
    assert found is not None and found.value == pytest.approx(wanted, abs=1e-12)


@given(scored_rows())
def test_ne_is_log_loss_over_that_of_the_base_rate(rows: tuple[Floats, Labels, Ints]) -> None:
    prediction, label, _ = rows
    known = sk_log_loss(label, np.full(len(label), label.mean()))
    assert metrics.normalized_entropy(prediction, label).value == pytest.approx(sk_log_loss(label, prediction) / known)


@given(scored_rows())
def test_contributions_average_to_the_value(rows: tuple[Floats, Labels, Ints]) -> None:
    prediction, label, group = rows
    for metric in MetricName:
        found = metrics.score(metric, prediction, label, group)
        if found is not None:
            assert found.contribution.mean() == pytest.approx(found.value, abs=1e-9)
            assert len(found.contribution) == len(label)


@given(scored_rows(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: tuple[Floats, Labels, Ints], random: object) -> None:
    prediction, label, group = rows
    order = np.arange(len(label))
    random.shuffle(order)  # type: ignore[attr-defined]
    for metric in MetricName:
        first = metrics.score(metric, prediction, label, group)
        second = metrics.score(metric, prediction[order], label[order], group[order])
        assert (first is None) == (second is None)
        if first is not None and second is not None:
            assert second.value == pytest.approx(first.value)
            np.testing.assert_allclose(second.contribution, first.contribution[order], atol=1e-9)


@given(scored_rows())
def test_auc_sees_ranks_only_and_reverses(rows: tuple[Floats, Labels, Ints]) -> None:
    prediction, label, _ = rows
    value = metrics.auc(prediction, label).value
    assert metrics.auc(prediction**3, label).value == pytest.approx(value)
    assert metrics.auc(1 - prediction, label).value == pytest.approx(1 - value)


def test_predictions_of_nought_and_one_are_clipped() -> None:
    label = np.array([0, 1], dtype=np.int8)
    assert metrics.log_loss(np.array([1.0, 0.0]), label).value == pytest.approx(-np.log(1e-15), rel=1e-3)
    assert metrics.log_loss(np.array([0.0, 1.0]), label).value == pytest.approx(0.0, abs=1e-12)


def test_one_label_has_no_metric() -> None:
    for metric in MetricName:
        assert metrics.score(metric, np.array([0.1, 0.2]), np.ones(2, np.int8), np.zeros(2, np.int64)) is None


def test_delongs_variance_of_auc() -> None:
    """The contributions' variance is the sum over labels of the placements' variances, DeLong's formula, up to (n - 1) / n."""
    prediction, label, _ = clustered(3000, 1)
    positive, negative = prediction[label == 1], prediction[label == 0]
    below = (negative[None, :] < positive[:, None]).mean(axis=1)
    above = (positive[None, :] > negative[:, None]).mean(axis=1)
    wanted = below.var(ddof=1) / len(positive) + above.var(ddof=1) / len(negative)
    assert metrics.variance_of_mean(metrics.auc(prediction, label).contribution) == pytest.approx(wanted, rel=0.01)


def clustered(rows: int, seed: int, groups: int = 60) -> tuple[Floats, Labels, Ints]:
    """Rows that hang together within groups: a group's rows share half of what moves their label."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, groups, rows)
    logit = -1 + rng.normal(size=groups)[group] + rng.normal(size=rows)
    label = (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.int8)
    return 1 / (1 + np.exp(-(logit + 0.7 * rng.normal(size=rows)))) ** 1.2, label, group


def bootstrap(draw: Callable[[np.random.Generator], Ints], value: Callable[[Ints], float], times: int = 400) -> float:
    rng = np.random.default_rng(5)
    return float(np.var([value(draw(rng)) for _ in range(times)], ddof=1))


@pytest.mark.parametrize("metric", [m for m in MetricName if m is not MetricName.GAUC])
def test_row_variance_is_the_bootstraps(metric: MetricName) -> None:
    prediction, label, _ = clustered(1500, 2)

    def value(index: Ints) -> float:
        found = metrics.score(metric, prediction[index], label[index])
        assert found is not None
        return found.value

    found = metrics.score(metric, prediction, label)
    assert found is not None
    wanted = bootstrap(lambda rng: rng.integers(0, 1500, 1500), value)
    assert metrics.variance_of_mean(found.contribution) == pytest.approx(wanted, rel=0.25)


@pytest.mark.parametrize("metric", list(MetricName))
def test_block_variance_is_the_cluster_bootstraps(metric: MetricName) -> None:
    prediction, label, group = clustered(3000, 3)
    members = [np.flatnonzero(group == g) for g in range(60)]

    def draw(rng: np.random.Generator) -> Ints:
        return np.concatenate([members[g] for g in rng.integers(0, 60, 60)])

    def value(index: Ints) -> float:
        found = metrics.score(metric, prediction[index], label[index], group[index])
        assert found is not None
        return found.value

    found = metrics.score(metric, prediction, label, group)
    assert found is not None
    clustered_variance = metrics.variance_of_mean(found.contribution, group)
    assert clustered_variance == pytest.approx(bootstrap(draw, value), rel=0.35)


def test_blocks_matter_where_rows_hang_together() -> None:
    _, label, group = clustered(3000, 3)
    contribution = metrics.calibration(np.full(3000, 0.3), label).contribution  # a model that knows nothing of groups
    assert metrics.variance_of_mean(contribution, group) > 1.5 * metrics.variance_of_mean(contribution)


@settings(max_examples=30)
@given(st.integers(2, 50), st.integers(0, 99))
def test_each_row_its_own_block_is_no_blocks(rows: int, seed: int) -> None:
    contribution = np.random.default_rng(seed).normal(size=rows)
    alone = metrics.variance_of_mean(contribution)
    assert alone == pytest.approx(contribution.var(ddof=1) / rows)
    assert metrics.variance_of_mean(contribution, np.arange(rows) * 2) == pytest.approx(alone)
    assert metrics.variance_of_mean(contribution, np.zeros(rows, np.int64)) == pytest.approx(alone)
