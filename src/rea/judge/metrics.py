"""Ranking metrics with the contribution of each row, so that any difference of metrics has a variance.

Every metric returns its value and R contributions whose mean is the value; to first order, the metric of another sample of
rows is the mean of that sample's contributions (the influence function, plus the value).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rea.domain.workload import MetricName
from rea.judge.rows import Floats, Ints, Labels

CLIP = 1e-15  # predictions are held this far from 0 and 1 in logarithms, so one sure miss costs 34.5 nats


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """A metric and what each row contributes to it: ``contribution.mean() == value``."""

    value: float
    contribution: Floats


def log_loss(prediction: Floats, label: Labels) -> Score:
    """Mean of -ln of the probability given to what happened, in nats."""
    loss = _losses(prediction, label)
    return Score(float(loss.mean()), loss)


def normalized_entropy(prediction: Floats, label: Labels) -> Score:
    """Log loss over the entropy of the base rate of the same rows: 1 = no better than knowing that rate.

    Source: He et al., "Practical Lessons from Predicting Clicks on Ads at Facebook", ADKDD 2014, eq. 1.
    """
    loss, rate = _losses(prediction, label), float(label.mean())
    entropy = -(rate * np.log(rate) + (1 - rate) * np.log1p(-rate))
    value = float(loss.mean() / entropy)
    slope = np.log1p(-rate) - np.log(rate)  # of the entropy, by the rate
    return Score(value, loss / entropy - value * slope / entropy * (label - rate))


def auc(prediction: Floats, label: Labels) -> Score:
    """Probability that a positive row is ranked above a negative one, ties counted as half, exactly.

    The contributions are DeLong's placement values (DeLong et al., Biometrics 44, 1988), each about the value and
    weighted by the inverse share of its label.
    """
    positive = label == 1
    placement = _placements(prediction, positive)
    value = float(placement[positive].mean())
    rate = float(positive.mean())
    return Score(value, value + (placement - value) / np.where(positive, rate, 1 - rate))


def gauc(prediction: Floats, label: Labels, group: Ints) -> Score:
    """AUC within each group that has both labels, weighted by the group's rows; other groups do not count.

    Groups are the units that were sampled, so the contributions need a variance by group.
    Source: Zhou et al., "Deep Interest Network", KDD 2018, section 6.2 (there with impressions or clicks as weights).
    """
    rows = np.bincount(group).astype(np.float64)
    by_group = _group_aucs(prediction, label, group)
    weight = np.where(np.isnan(by_group), 0.0, rows)
    value = float(np.average(np.nan_to_num(by_group), weights=weight))
    excess = np.where(weight > 0, np.nan_to_num(by_group) - value, 0.0) * len(label) / weight.sum()
    return Score(value, value + excess[group])


def calibration(prediction: Floats, label: Labels) -> Score:
    """Mean prediction over mean label: 1 = as many positives foretold as came, more = too many."""
    rate = float(label.mean())
    value = float(prediction.mean()) / rate
    return Score(value, value + (prediction - value * label) / rate)


def score(metric: MetricName, prediction: Floats, label: Labels, group: Ints | None = None) -> Score | None:
    """Return ``metric`` on these rows, or None where it is not defined: one label only, or no group with both."""
    positives = int(label.sum())
    if not 0 < positives < len(label):
        return None
    if metric is MetricName.GAUC:
        return None if group is None or not _any_mixed(label, group) else gauc(prediction, label, group)
    return _PLAIN[metric](prediction, label)


def variance_of_mean(contribution: Floats, block: Ints | None = None) -> float:
    """Return the variance of the mean of R contributions, by blocks of rows that hang together where given.

    The sandwich over blocks with the factor B / (B - 1); with fewer than two blocks, rows are taken as independent.
    """
    centred = contribution - contribution.mean()
    sums, count = centred, len(centred)
    if block is not None:
        sizes = np.bincount(block)
        blocks = int(np.count_nonzero(sizes))
        if blocks > 1:
            sums, count = np.bincount(block, centred), blocks
    return float(sums @ sums) / len(centred) ** 2 * count / max(count - 1, 1)


_PLAIN: dict[MetricName, Callable[[Floats, Labels], Score]] = {
    MetricName.NE: normalized_entropy,
    MetricName.LOG_LOSS: log_loss,
    MetricName.AUC: auc,
    MetricName.CALIBRATION: calibration,
}


def _losses(prediction: Floats, label: Labels) -> Floats:
    given = np.where(label == 1, prediction, 1.0 - prediction)
    return np.asarray(-np.log(np.clip(given, CLIP, 1.0 - CLIP)))


def _placements(prediction: Floats, positive: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Floats:
    """For a positive row the share of negatives below it, for a negative row that of positives above it; ties as half."""
    order = np.argsort(prediction)
    first, last = _runs(prediction[order])
    count = np.concatenate([[0], np.cumsum(positive[order])])
    below, through = count[first], count[last]
    positives, negatives = count[-1], len(order) - count[-1]
    negatives_up_to = (first - below + last - through) / 2
    positives_from = positives - (below + through) / 2
    placement = np.empty(len(order))
    placement[order] = np.where(positive[order], negatives_up_to / negatives, positives_from / positives)
    return placement


def _runs(ordered: Floats | Ints) -> tuple[Ints, Ints]:
    """For each place in a sorted array, where the run of equal values around it begins and (exclusively) ends."""
    start = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    length = np.diff(np.append(start, len(ordered)))
    return np.repeat(start, length), np.repeat(start + length, length)


def _group_aucs(prediction: Floats, label: Labels, group: Ints) -> Floats:
    """AUC by group code, from mid-ranks within the group (Mann-Whitney); NaN where a label is lacking."""
    by_prediction = np.argsort(prediction)
    key = np.empty(
        len(group), dtype=np.int64
    )  # sorts by group, then by prediction; one integer sorts far faster than two columns
    key[by_prediction] = _runs(prediction[by_prediction])[0]
    key += group * len(group)
    order = np.argsort(key)
    first, last = _runs(key[order])
    grouped, size = group[order], np.bincount(group)
    midrank = (first + 1 + last) / 2 - (np.cumsum(size) - size)[grouped]
    positives = np.bincount(group, label).astype(np.float64)
    ranks = np.bincount(grouped, midrank * label[order])
    pairs = positives * (size - positives)
    aucs: Floats = np.divide(
        ranks - positives * (positives + 1) / 2, pairs, out=np.full(len(size), np.nan), where=pairs > 0
    )
    return aucs


def _any_mixed(label: Labels, group: Ints) -> bool:
    positives = np.bincount(group, label)
    return bool(np.any((positives > 0) & (positives < np.bincount(group))))
