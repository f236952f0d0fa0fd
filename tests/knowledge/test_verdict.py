from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.comparisons import comparison

from rea.domain.evidence import Flag, Verdict
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Aim, Effect
from rea.knowledge.verdict import Arm, Terms, confirm, futile, select
from rea.statistics.effects import Estimate
from rea.statistics.score import pool_of
from rea.statistics.variance import Pool

POOL = Pool(sd=0.004, df=30, lent=8)
CHOOSING = Terms(phase=Phase.VALIDATION, fidelity="full", error=0.10)
CLAIMING = Terms(phase=Phase.CONFIRMATION, fidelity="full", error=0.05)
CHEAP, DEAR = (50.0, 51.0, 49.0, 50.0), (100.0, 99.0, 101.0, 100.0)


def arm(effect: float, seeds: int = 4, name: str = "e") -> Arm:
    return Arm(comparison=comparison([effect] * seeds, name=name))


def efficient(effect: float, cost: tuple[float, ...] = CHEAP) -> Arm:
    return replace(arm(effect), aim=Aim.EFFICIENCY, cost=cost, baseline_cost=DEAR)


@pytest.mark.parametrize(
    "effect, verdict",
    [(0.03, Verdict.SUPPORTED), (-0.03, Verdict.REFUTED), (0.002, Verdict.INCONCLUSIVE), (0.0, Verdict.INCONCLUSIVE)],
)
@pytest.mark.parametrize("judge, terms", [(select, CHOOSING), (confirm, CLAIMING)])
def test_the_sign_and_the_error_decide(effect: float, verdict: Verdict, judge: type, terms: Terms) -> None:
    (found,) = judge([arm(effect)], POOL, terms)
    assert found.verdict is verdict
    assert found.raw == pytest.approx(effect)
    assert found.effect.low < found.effect.high


@pytest.mark.parametrize("effect", [0.05, -0.05])
@pytest.mark.parametrize("judge, terms", [(select, CHOOSING), (confirm, CLAIMING)])
def test_one_seed_shows_nothing(effect: float, judge: type, terms: Terms) -> None:
    (found,) = judge([arm(effect, seeds=1)], POOL, terms)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert (Flag.PROMISING in found.flags) == (effect > 0)
    assert "one seed" in found.reason


def test_what_was_used_to_choose_is_shrunk_and_says_so() -> None:
    for found in select([arm(e, name=str(e)) for e in (0.012, 0.004, -0.006)], POOL, CHOOSING):
        assert Flag.SELECTED in found.flags
        assert abs(found.effect.value) < abs(found.raw)


def test_what_is_confirmed_is_quoted_as_measured() -> None:
    (found,) = confirm([arm(0.02)], POOL, CLAIMING)
    assert found.effect.value == found.raw
    assert Flag.SELECTED not in found.flags


def test_just_short_of_significant_is_promising() -> None:
    (found,) = select([arm(0.004)], POOL, CHOOSING)
    assert (found.verdict, Flag.PROMISING in found.flags) == (Verdict.INCONCLUSIVE, True)
    assert Flag.PROMISING not in select([arm(0.0005)], POOL, CHOOSING)[0].flags


def test_more_hypotheses_demand_more() -> None:
    alone = select([arm(0.007)], POOL, CHOOSING)[0]
    among = select([arm(0.007), *(arm(0.0, name=str(i)) for i in range(20))], POOL, CHOOSING)[0]
    assert (alone.verdict, among.verdict) == (Verdict.SUPPORTED, Verdict.INCONCLUSIVE)
    assert alone.p_value is not None
    assert among.p_value is not None
    assert among.p_value > alone.p_value


def test_an_early_look_demands_more_than_the_last() -> None:
    early = select([arm(0.008, seeds=2)], POOL, CHOOSING)[0]
    planned = select([arm(0.008, seeds=2)], POOL, replace(CHOOSING, looks=(2,)))[0]
    assert (early.verdict, planned.verdict) == (Verdict.INCONCLUSIVE, Verdict.SUPPORTED)


def test_a_second_finalist_widens_the_interval() -> None:
    one = confirm([arm(0.02)], POOL, CLAIMING)[0].effect
    two = confirm([arm(0.02), arm(0.0, name="f")], POOL, CLAIMING)[0].effect
    assert two.low < one.low < one.high < two.high


@given(st.lists(st.floats(-0.03, 0.03), min_size=1, max_size=3), st.floats(0.001, 0.05))
def test_a_confirmed_interval_agrees_with_its_verdict(effects: list[float], error: float) -> None:
    terms = replace(CLAIMING, error=error)
    for found in confirm([arm(e, name=str(i)) for i, e in enumerate(effects)], POOL, terms):
        assert found.effect.low <= found.raw <= found.effect.high
        if found.verdict is Verdict.SUPPORTED:
            assert found.effect.low >= 0
        if found.verdict is Verdict.REFUTED:
            assert found.effect.high <= 0
        if found.verdict is Verdict.INCONCLUSIVE:
            assert found.effect.low <= 0 <= found.effect.high


@given(st.floats(-0.05, 0.05))
def test_better_and_worse_mirror_each_other(effect: float) -> None:
    (up,), (down,) = confirm([arm(effect)], POOL, CLAIMING), confirm([arm(-effect)], POOL, CLAIMING)
    mirror = {Verdict.SUPPORTED: Verdict.REFUTED, Verdict.REFUTED: Verdict.SUPPORTED}
    assert down.verdict is mirror.get(up.verdict, up.verdict)
    assert down.effect.low == pytest.approx(-up.effect.high)


def test_spent_rows_confirm_nothing() -> None:
    (found,) = confirm([arm(0.2)], POOL, replace(CLAIMING, error=0.0))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "spent" in found.reason


@pytest.mark.parametrize(
    "quality, cost, verdict",
    [
        (0.0, CHEAP, Verdict.SUPPORTED),
        (0.0, DEAR, Verdict.INCONCLUSIVE),
        (0.0, (), Verdict.INCONCLUSIVE),
        (0.03, CHEAP, Verdict.SUPPORTED),
        (-0.03, CHEAP, Verdict.REFUTED),
        (-0.008, CHEAP, Verdict.INCONCLUSIVE),
        (0.0, (200.0, 201.0, 199.0, 200.0), Verdict.REFUTED),
    ],
)
def test_equal_quality_at_lower_cost(quality: float, cost: tuple[float, ...], verdict: Verdict) -> None:
    terms = replace(CLAIMING, margin=0.01)
    (found,) = confirm([efficient(quality, cost)], Pool(sd=0.002, df=30, lent=8), terms)
    assert found.verdict is verdict
    assert found.aim is Aim.EFFICIENCY
    assert (found.cost is None) == (not cost)
    if cost == CHEAP:
        assert found.cost is not None
        assert found.cost.value == pytest.approx(-0.5, abs=0.01)
        assert found.cost.high < 0


def test_absence_of_evidence_is_not_equal_quality() -> None:
    (found,) = confirm([efficient(0.0)], Pool(sd=0.05, df=30, lent=8), replace(CLAIMING, margin=0.01))
    assert found.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "effect, terms, prior, flagged",
    [
        (0.4, CLAIMING, 0.0, True),
        (0.05, CLAIMING, 0.0, False),
        (0.15, CLAIMING, 0.01, True),
        (0.15, CLAIMING, 0.12, False),
        (0.05, replace(CLAIMING, bound=0.79), 0.0, True),
        (0.05, replace(CLAIMING, bound=0.70), 0.0, False),
        (0.05, replace(CLAIMING, bound=0.762), 0.0, False),
    ],
)
def test_too_good_to_be_true(effect: float, terms: Terms, prior: float, flagged: bool) -> None:
    one = replace(arm(effect), prior=Effect(value=prior, low=prior - 0.01, high=prior + 0.01))
    for judge in (select, confirm):
        (found,) = judge([one], POOL, terms)
        assert (Flag.TOO_GOOD in found.flags) is flagged


def test_the_bound_of_an_auc_is_above() -> None:
    high = Arm(comparison=replace(comparison([0.08] * 4, metric="auc", baseline_value=0.7), value=0.75))
    assert Flag.TOO_GOOD in confirm([high], POOL, replace(CLAIMING, bound=0.74))[0].flags
    assert Flag.TOO_GOOD not in confirm([high], POOL, replace(CLAIMING, bound=0.76))[0].flags


def test_nothing_to_judge() -> None:
    assert select([], POOL, CHOOSING) == confirm([], POOL, CLAIMING) == ()


def test_futility_stops_paying_and_refutes_nothing() -> None:
    assert futile(Estimate(-0.01, 0.005, 20), worthwhile=0.005)
    assert not futile(Estimate(0.0, 0.02, 20), worthwhile=0.005)
    assert select([arm(-0.002)], POOL, CHOOSING)[0].verdict is Verdict.INCONCLUSIVE


def discoveries(count: int = 300) -> float:
    """The mean share of false ones among the hypotheses called supported, 8 true of 20."""
    rng, shares = np.random.default_rng(0), []
    for _ in range(count):
        truth = np.where(np.arange(20) < 8, 0.012, 0.0)
        baseline = rng.normal(0, 0.004, 8)
        arms = [
            Arm(
                comparison=comparison(
                    rng.normal(t, 0.004, 4).tolist(), baseline.tolist(), name=str(i), row_variance=0.0
                )
            )
            for i, t in enumerate(truth)
        ]
        found = select(arms, pool_of([a.comparison for a in arms]), CHOOSING)
        said = [t <= 0 for t, f in zip(truth, found, strict=True) if f.verdict is Verdict.SUPPORTED]
        shares.append(sum(said) / max(len(said), 1))
    return float(np.mean(shares))


def test_false_discoveries_stay_below_their_rate() -> None:
    assert discoveries() <= 0.10


def test_without_correction_they_would_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rea.knowledge.verdict.benjamini_hochberg", lambda p_values: tuple(p / 4 for p in p_values))
    assert discoveries() > 0.10


def family_errors(count: int = 1500) -> float:
    """How often any of three finalists that change nothing is called better or worse."""
    rng, wrong = np.random.default_rng(0), 0
    for _ in range(count):
        baseline = rng.normal(0, 0.004, 30).tolist()
        arms = [
            Arm(comparison=comparison(rng.normal(0, 0.004, 30).tolist(), baseline, name=str(i), row_variance=0.0))
            for i in range(3)
        ]
        found = confirm(arms, pool_of([a.comparison for a in arms]), CLAIMING)
        wrong += any(f.verdict is not Verdict.INCONCLUSIVE for f in found)
    return wrong / count


def test_the_family_of_finalists_errs_at_alpha() -> None:
    assert family_errors() < 0.05 + 1.65 * (0.05 * 0.95 / 1500) ** 0.5


def test_without_holm_it_errs_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rea.knowledge.verdict.holm", tuple)
    assert family_errors() > 0.07
