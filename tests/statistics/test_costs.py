"""The cost model's error is learnt from what runs did cost, and its intervals hold as often as they say."""

from math import exp
from random import Random

import pytest

from rea.domain.plan import NO_PAST, CostError
from rea.statistics.costs import learn, span


def campaigns(dice: Random, count: int, between: float, within: float, bias: float) -> dict[str, list[float]]:
    """Return logarithms of measured over expected costs."""
    found = {}
    for name in range(count):
        common = dice.gauss(bias, between)
        found[str(name)] = [dice.gauss(common, within) for _ in range(12)]
    return found


def test_without_a_past_the_defaults_stand() -> None:
    assert learn({}) == learn({"a": []}) == NO_PAST


def test_a_bias_that_many_campaigns_show_is_learnt_and_one_campaign_is_half_believed() -> None:
    found = learn(campaigns(Random(1), 40, 0.05, 0.1, 0.4))
    assert (found.experiments, found.campaigns) == (480, 40)
    assert found.bias == pytest.approx(0.4, abs=0.05)
    assert found.between < NO_PAST.between and found.within < NO_PAST.within
    assert learn({"a": [0.4, 0.4]}).bias == pytest.approx(0.2)


def coverage(learnt: bool, between: float = 0.3, within: float = 0.5, bias: float = 0.3) -> float:
    """Return how often the interval of a phase of ten experiments holds its cost, after six campaigns."""
    dice, hits = Random(7), 0
    for _ in range(400):
        error = learn(campaigns(dice, 6, between, within, bias)) if learnt else CostError()
        common = dice.gauss(bias, between)
        cost = sum(100 * exp(common + dice.gauss(0, within)) for _ in range(10))
        low, high = span(1000 * exp(error.bias), error, 10)
        hits += low <= cost <= high
    return hits / 400


def test_intervals_of_80_percent_hold_about_that_often() -> None:
    assert 0.70 <= coverage(learnt=True) <= 0.92


def test_planted_bug_a_model_that_learns_nothing_is_seen() -> None:
    assert coverage(learnt=False) < 0.5
