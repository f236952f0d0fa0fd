"""History counts by how alike and how near it is, and failures count against."""

from itertools import permutations

import pytest
from store.insights import FAR, HERE, NEAR, insight, move

from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Operation
from rea.domain.insight import Insight, Prior, Setting
from rea.domain.lever import Role
from rea.store.prior import PRIOR_SD, equal, prior_from, similar

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


def test_failures_and_refutations_count_against() -> None:
    good = insight(0.01)
    failed = insight(None, verdict=Verdict.DROPPED, campaign="c2")
    refuted = insight(-0.01, verdict=Verdict.REFUTED, campaign="c3")
    assert told(good, failed).effect.value < told(good).effect.value
    assert told(good, refuted).effect.value < told(good, failed).effect.value
    assert told(good, failed, refuted).against == 2


def test_nothing_but_failures_says_no_effect_and_who_failed() -> None:
    prior = told(insight(None, verdict=Verdict.DROPPED))
    assert prior.effect.value == 0.0
    assert prior.effect.low == -prior.effect.high < 0
    assert prior.effect.high < PRIOR_SD
    assert (prior.support, prior.against) == (0, 1)
