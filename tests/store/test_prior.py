"""History counts by how alike and how near it is, and failures count against."""

from dataclasses import replace
from itertools import permutations

import pytest
from store.insights import FAR, HERE, NEAR, insight, move

from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Effect, Operation
from rea.domain.ids import CampaignId, Digest
from rea.domain.insight import Insight, Prior, Setting, Standing
from rea.domain.lever import Role
from rea.store.likeness import equal, similar
from rea.store.prior import _variance, age_days, prior_from

SET = Operation.SET


def told(*insights: Insight, setting: Setting = HERE) -> Prior:
    found = prior_from(insights, (move(3.0),), setting)
    assert found is not None
    return found


def width(prior: Prior) -> float:
    return prior.effect.high - prior.effect.low


@pytest.mark.parametrize(
    ("first", "second", "is_equal", "is_similar"),
    [
        (move(3.0), move(3.2), True, True),
        (move(3.0), move(4.0), False, True),
        (move(3.0), move(0.5), False, False),
        (move(3.0), move(3.0, operation=Operation.ADD), False, True),
        (move(3.0), move(3.0, Role.DROPOUT), False, False),
        (move("adam", operation=SET), move("adam", operation=SET), True, True),
        (move("adam", operation=SET), move("sgd", operation=SET), False, False),
        (move(True, operation=SET), move(1, operation=SET), False, True),
        (move(True, operation=SET), move(False, operation=SET), False, False),
        (move(0.99, operation=SET), move(0.0, operation=SET), False, False),
        (move(3.0, Role.OTHER), move(4.0, Role.OTHER), False, False),
    ],
)
def test_what_is_like_what(first: object, second: object, is_equal: bool, is_similar: bool) -> None:
    for one, other in permutations((first, second)):
        assert equal([one], [other]) is is_equal  # type: ignore[list-item]
        assert similar([one], [other]) is is_similar  # type: ignore[list-item]


def test_several_moves_are_like_the_same_several_in_any_order() -> None:
    both = (move(3.0), move(0.1, Role.DROPOUT, Operation.ADD))
    assert equal(both, both[::-1]) and similar(both, both[::-1])
    assert not equal(both, both[:1]) and not equal(both[:1], both)
    assert not equal((both[0], both[0]), both)


def test_nothing_is_said_of_what_nobody_tried() -> None:
    assert prior_from([], (move(3.0),), HERE) is None
    assert prior_from([insight(0.01, move(0.3))], (move(3.0),), HERE) is None


def test_an_effect_is_shrunk_towards_none_and_keeps_its_sign() -> None:
    prior = told(insight(0.01))
    assert 0.009 < prior.effect.value < 0.01
    assert (prior.support, prior.against) == (1, 0)
    assert prior.evidence == (insight(0.01).id,)


def test_farther_away_means_less_sure_and_closer_to_nothing() -> None:
    priors = [told(insight(0.01, setting=place)) for place in (HERE, NEAR, FAR)]
    values = [prior.effect.value for prior in priors]
    assert values == sorted(values, reverse=True) and len(set(values)) == 3
    assert width(priors[0]) < width(priors[1]) < width(priors[2])


def test_an_equal_move_says_more_than_a_similar_one() -> None:
    assert told(insight(0.01, move(3.0))).effect.value > told(insight(0.01, move(6.0))).effect.value


def test_agreement_makes_surer_and_disagreement_less_sure() -> None:
    agree = told(*(insight(0.01, campaign=f"c{n}") for n in range(4)))
    differ = told(*(insight(v, campaign=f"c{n}") for n, v in enumerate((-0.01, 0.03, 0.0, 0.02))))
    assert width(agree) < width(told(insight(0.01))) < width(differ)


def test_refutations_count_against_and_failures_are_a_risk_apart() -> None:
    good = insight(0.01)
    failed = insight(None, verdict=Verdict.DROPPED, campaign="c2")
    refuted = insight(-0.01, verdict=Verdict.REFUTED, campaign="c3")
    assert told(good, failed).effect == told(good).effect
    assert told(good, refuted).effect.value < 0.3 * told(good).effect.value
    assert told(good, failed, refuted).against == 2
    risks = [told(good, *(replace(failed, campaign=CampaignId(f"f{n}")) for n in range(k))).risk for k in range(4)]
    assert risks == sorted(risks) and risks[0] == 0.0 and risks[3] == 3 / 6
    assert "3 of 4 failed" in told(good, *(replace(failed, campaign=CampaignId(f"f{n}")) for n in range(3))).tally


def test_what_was_never_tested_says_nothing() -> None:
    assert prior_from([replace(insight(None, verdict=Verdict.DROPPED), untested=True)], (move(3.0),), HERE) is None


def test_nothing_but_failures_says_nothing_of_the_effect_and_who_failed() -> None:
    prior = told(insight(None, verdict=Verdict.DROPPED))
    assert (prior.measured, prior.failures, prior.support, prior.against) == (0, 1, 0, 1)
    assert prior.effect.value == 0.0 and prior.effect.low == -prior.effect.high < 0


def test_it_starts_from_what_was_expected() -> None:
    claim = Effect(value=0.01, low=0.002, high=0.018)
    far = insight(0.0, setting=FAR)
    anchored = prior_from([far], (move(3.0),), HERE, claim)
    assert anchored is not None and 0.003 < anchored.effect.value < 0.009
    many = prior_from([insight(0.0, campaign=f"c{n}") for n in range(9)], (move(3.0),), HERE, claim)
    assert many is not None and abs(many.effect.value) < 0.003


def test_the_prediction_for_a_new_place_is_wider_than_the_mean_of_all() -> None:
    places = [replace(FAR, model=f"m{n}", data=Digest(f"d{n}")) for n in range(6)]
    prior = told(*(insight(0.01, setting=p, campaign=f"c{n}") for n, p in enumerate(places)))
    assert prior.pooled.high - prior.pooled.low < 0.9 * width(prior)
    assert (prior.settings, prior.campaigns, prior.measured, prior.transfers) == (6, 6, 6, True)


def test_a_thousand_runs_in_one_other_place_are_not_a_thousand_places() -> None:
    same = told(*(insight(0.01, setting=FAR, campaign=f"c{n}") for n in range(60)))
    places = [replace(FAR, model=f"m{n}", data=Digest(f"d{n}")) for n in range(60)]
    apart = told(*(insight(0.01, setting=p, campaign=f"c{n}") for n, p in enumerate(places)))
    assert width(same) > 1.15 * width(apart) and same.between > 1.5 * apart.between
    assert same.effect.value < apart.effect.value < apart.pooled.value


def test_history_from_elsewhere_is_doubted_and_from_here_it_is_not() -> None:
    claim = Effect(value=-0.01, low=-0.018, high=-0.002)
    there, here = (
        prior_from([insight(0.02, setting=place, campaign=f"c{n}") for n in range(20)], (move(3.0),), HERE, claim)
        for place in (FAR, HERE)
    )
    assert there is not None and here is not None
    assert here.effect.value > 0.019 > there.effect.value
    assert there.effect.low < claim.value + 0.002 and width(there) > 3 * width(here)


def test_it_says_when_nothing_carries_over() -> None:
    places = [replace(FAR, model=f"m{n}", data=Digest(f"d{n}")) for n in range(6)]
    mixed = [
        insight(v, setting=p, campaign=p.model)
        for v, p in zip((0.05, -0.04, 0.06, -0.05, 0.03, -0.06), places, strict=True)
    ]
    away, here = told(*mixed), told(*mixed, setting=places[0])
    assert not away.transfers and "does not transfer" in away.tally and away.between > abs(away.pooled.value)
    assert here.transfers and here.effect.value > 0.02
    noise = [replace(i, measured=Effect(value=0.0, low=-0.01, high=0.01)) for i in mixed]
    assert told(*noise).transfers  # places that do not differ are no reason to say so


def test_what_is_old_weighs_half_after_its_half_life_and_what_was_never_judged_a_quarter() -> None:
    fresh, there = insight(0.02, setting=FAR), replace(FAR, model="m2", data=Digest("d2"))
    other = insight(-0.02, setting=there, campaign="c2")
    assert abs(told(fresh, other).pooled.value) < 1e-12
    old = replace(other, at="2025-01-01T00:00:00+00:00")
    older = replace(other, at="2016-01-01T00:00:00+00:00")
    claimed = replace(other, standing=Standing.CLAIMED)
    means = [told(fresh, x).pooled.value for x in (other, old, claimed, older)]
    assert means == sorted(means) and means[1] > 0.001
    assert (told(fresh, claimed).claimed, told(fresh, old).age_days) == (1, 365 / 2)
    own = _variance(fresh, fresh.at, 0.01) + 0.01**2
    for insight_, weight in ((fresh, 1.0), (old, 0.5), (claimed, 0.25)):
        assert own / (_variance(insight_, fresh.at, 0.01) + 0.01**2) == pytest.approx(weight)


def test_the_estimate_is_pooled_rather_than_what_was_shrunk_towards_the_prediction() -> None:
    shrunk = replace(insight(0.01), raw=Effect(value=0.03, low=0.028, high=0.032))
    assert told(shrunk).effect.value > 0.025


@pytest.mark.parametrize("at", ["", "yesterday", "2026-13-01"])
def test_a_time_that_cannot_be_read_is_no_age(at: str) -> None:
    assert age_days(at, "2026-02-01T00:00:00+00:00") == 0.0
    assert age_days("2026-01-01", "2026-02-01T00:00:00Z") == 31.0
