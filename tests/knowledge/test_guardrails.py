import pytest
from knowledge.comparisons import comparison

from rea.domain.evidence import Safety
from rea.domain.workload import Guardrail
from rea.knowledge.guardrails import guardrail, guardrail_on_numbers
from rea.statistics.variance import Pool

QUIET = Pool(sd=0.002, df=50, lent=8)
LOUD = Pool(sd=0.05, df=50, lent=8)
MARGIN = Guardrail(metric="auc", margin=0.01)


@pytest.mark.parametrize(
    "effect, pool, outcome",
    [
        (0.0, QUIET, Safety.SAFE),
        (0.05, QUIET, Safety.SAFE),
        (-0.05, QUIET, Safety.VIOLATED),
        (-0.01, QUIET, Safety.NOT_SHOWN_SAFE),
        (0.0, LOUD, Safety.NOT_SHOWN_SAFE),
    ],
)
def test_a_margin_asks_whether_it_is_not_worse(effect: float, pool: Pool, outcome: Safety) -> None:
    found = guardrail(MARGIN, [comparison([effect] * 4, metric="auc")], [pool])
    assert found.outcome == outcome
    assert found.low < found.value < found.high
    assert found.guardrail == str(MARGIN)


@pytest.mark.parametrize(
    "effect, outcome",
    [(0.0, Safety.SAFE), (0.1, Safety.VIOLATED), (-0.1, Safety.VIOLATED), (-0.025, Safety.NOT_SHOWN_SAFE)],
)
def test_limits_ask_whether_the_value_stays_within(effect: float, outcome: Safety) -> None:
    asked = Guardrail(metric="ne", low=0.78, high=0.82)
    arm = comparison([effect] * 4, baseline_value=0.8)
    found = guardrail(asked, [arm], [Pool(sd=0.005, df=50, lent=8)])
    assert found.outcome == outcome
    assert found.value == pytest.approx(arm.value)


def test_one_open_limit() -> None:
    asked = Guardrail(metric="ne", high=0.82)
    assert guardrail(asked, [comparison([0.5] * 4)], [QUIET]).outcome == Safety.SAFE


def test_the_worst_slice_counts() -> None:
    arms = [comparison([e] * 4, metric="auc", slice_=f"country={i}") for i, e in enumerate((0.02, -0.05, 0.0))]
    asked = Guardrail(metric="auc", slice="country", margin=0.01)
    found = guardrail(asked, arms, [QUIET] * 3)
    assert found.outcome == Safety.VIOLATED
    assert found.value == pytest.approx(-0.05)
    assert guardrail(asked, [arms[0], arms[2]], [QUIET] * 2).outcome == Safety.SAFE


def test_many_slices_make_violations_harder_to_claim_and_safety_no_harder() -> None:
    bad = comparison([-0.0145] * 4, metric="auc")
    alone = guardrail(MARGIN, [bad], [QUIET])
    among = guardrail(MARGIN, [bad] + [comparison([0.0] * 4, metric="auc")] * 30, [QUIET] * 31)
    assert (alone.outcome, among.outcome) == (Safety.VIOLATED, Safety.NOT_SHOWN_SAFE)
    assert guardrail(MARGIN, [comparison([0.0] * 4, metric="auc")] * 31, [QUIET] * 31).outcome == Safety.SAFE


def test_never_measured_is_not_safe() -> None:
    assert guardrail(MARGIN, [], []).outcome == Safety.NOT_SHOWN_SAFE
    cost = Guardrail(metric="cost", margin=0.1)
    assert guardrail_on_numbers(cost, [], [1.0]).outcome == Safety.NOT_SHOWN_SAFE
    assert guardrail_on_numbers(cost, [1.0], []).outcome == Safety.NOT_SHOWN_SAFE


@pytest.mark.parametrize(
    "candidate, outcome",
    [
        ([80.0, 81.0, 79.0], Safety.SAFE),
        ([100.0, 101.0, 99.0], Safety.SAFE),
        ([200.0, 201.0, 199.0], Safety.VIOLATED),
        ([110.0, 111.0, 109.0], Safety.NOT_SHOWN_SAFE),
        ([100.0], Safety.NOT_SHOWN_SAFE),
    ],
)
def test_costs_may_not_grow_beyond_the_margin(candidate: list[float], outcome: Safety) -> None:
    baseline = [100.0, 101.0, 99.0][: len(candidate)]
    found = guardrail_on_numbers(Guardrail(metric="cost", margin=0.1), candidate, baseline)
    assert found.outcome == outcome
    assert found.low <= found.value <= found.high


def test_a_size_within_its_limit() -> None:
    asked = Guardrail(metric="model_mb", high=20.0)
    assert guardrail_on_numbers(asked, [12.0, 12.0], []).outcome == Safety.SAFE
    assert guardrail_on_numbers(asked, [25.0, 25.0], []).outcome == Safety.VIOLATED
