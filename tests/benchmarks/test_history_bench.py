"""The history benchmark by itself: its worlds are what they claim, wrong history is wrong, and the interval is over universes."""

from statistics import correlation

import pytest
from scipy import stats
from store.insights import insight, move

from benchmarks import history
from rea.domain.evidence import Verdict
from rea.domain.lever import Role


def test_effects_carry_over_in_part() -> None:
    pairs = [
        (history.Universe(seed).effects(0, 0)[r.value], history.Universe(seed).effects(1, 1)[r.value])
        for seed in range(40)
        for r in history.ROLES
    ]
    assert correlation(*zip(*pairs, strict=True)) == pytest.approx(0.61, abs=0.06)
    assert history.Universe(3).effects(0, 1) == history.Universe(3).effects(0, 1) != history.Universe(4).effects(0, 1)


def test_wrong_history_says_the_contrary_or_of_others() -> None:
    known = (
        insight(0.01),
        insight(-0.02, move(0.1, Role.WARMUP), verdict=Verdict.REFUTED),
        insight(None, verdict=Verdict.DROPPED, campaign="x"),
    )
    back = history.turned(known)
    assert [i.measured and i.measured.value for i in back] == [-0.01, 0.02, None]
    assert [i.verdict for i in back] == [Verdict.REFUTED, Verdict.SUPPORTED, Verdict.DROPPED]
    assert history.turned(back) == known
    others = history.dealt(known, 1)
    assert [i.measured for i in others] == [i.measured for i in known]
    assert others[0].moves[0].role is not known[0].moves[0].role


def test_the_interval_is_over_universes_whose_places_hang_together() -> None:
    found = [[0.1, 0.2], [0.0, 0.1], [0.3, 0.3]]
    mean, low, high = history.interval(found)
    reference = stats.ttest_1samp([0.15, 0.05, 0.3], 0.0).confidence_interval(0.95)
    assert (mean, low, high) == pytest.approx((0.5 / 3, reference.low, reference.high))


def test_a_campaign_in_it_learns_and_does_not_see_its_own_truth() -> None:
    universe = history.Universe(0)
    effect, learnt = history.campaign(universe, 0, 0, (), 1)
    assert effect > 0.03 and len(learnt) >= 10
    assert {i.setting.data for i in learnt} == {"data0"} and {i.setting.model for i in learnt} == {"model0"}
    assert all(i.raw is None or i.raw.low < i.raw.value < i.raw.high for i in learnt)
