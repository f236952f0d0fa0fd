"""What every ``Insights`` must do. Subclass ``InsightsConformance`` in a test, give it a ``fresh`` fixture, and run it."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from rea.domain.errors import StoreError
from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Aim, Effect, Move, Operation, SourceName
from rea.domain.ids import CampaignId, Digest
from rea.domain.insight import Insight, Setting
from rea.domain.lever import Role
from rea.ports import Insights

Fresh = Callable[[], Insights]
HERE = Setting(workload="ads", model="dcn", data=Digest("d"))
FASTER = Move(role=Role.LEARNING_RATE, operation=Operation.MULTIPLY, operand=3.0)
DRIER = Move(role=Role.DROPOUT, operation=Operation.SET, operand=0.1)


def learnt(effect: float, campaign: str = "c1", move: Move = FASTER, day: int = 1) -> Insight:
    """Return an insight that ``move`` measured ``effect``, with a standard error of a thousandth."""
    return Insight(
        campaign=CampaignId(campaign),
        setting=HERE,
        moves=(move,),
        change=str(move),
        technique="rate",
        source=SourceName.RESEARCH,
        aim=Aim.QUALITY,
        verdict=Verdict.SUPPORTED,
        predicted=Effect(value=0.0, low=-0.01, high=0.01),
        measured=Effect(value=effect, low=effect - 0.00196, high=effect + 0.00196),
        seeds=3,
        cost_ms=10,
        at=f"2026-01-{day:02}T00:00:00+00:00",
        reason="because",
    )


OLD, NEW, OTHER = learnt(0.02), learnt(0.01, "c2", day=2), learnt(-0.02, "c3", DRIER, day=3)


class InsightsConformance:
    """The laws of what was learnt. The fixture ``fresh`` returns a place with nothing in it, another one at each call."""

    def test_nothing_learnt_is_nothing_known(self, fresh: Fresh) -> None:
        insights = fresh()
        insights.add([])
        assert tuple(insights.all()) == ()
        assert insights.prior([FASTER], HERE) is None

    def test_an_insight_is_kept_once_and_as_it_was_first(self, fresh: Fresh) -> None:
        insights = fresh()
        insights.add([OLD, OLD])
        insights.add([replace(OLD, reason="on second thoughts"), NEW])
        assert tuple(insights.all()) == (OLD, NEW)

    def test_a_repetition_is_no_evidence(self, fresh: Fresh) -> None:
        once, thrice = fresh(), fresh()
        once.add([OLD])
        for _ in range(3):
            thrice.add([OLD])
        assert once.prior([FASTER], HERE) == thrice.prior([FASTER], HERE)

    def test_the_order_of_telling_is_forgotten(self, fresh: Fresh) -> None:
        told = [fresh() for _ in permutations((OLD, NEW, OTHER))]
        for insights, order in zip(told, permutations((OLD, NEW, OTHER)), strict=True):
            for one in order:
                insights.add([one])
        assert {tuple(insights.all()) for insights in told} == {(OLD, NEW, OTHER)}
        assert len({insights.prior([FASTER], HERE) for insights in told}) == 1

    def test_history_speaks_of_the_moves_it_was_about_and_of_no_others(self, fresh: Fresh) -> None:
        insights = fresh()
        insights.add([OLD, NEW, OTHER])
        good, bad = insights.prior([FASTER], HERE), insights.prior([DRIER], HERE)
        assert good is not None and bad is not None
        assert good.effect.value > 0 > bad.effect.value
        assert good.effect.low <= good.effect.value <= good.effect.high
        assert set(good.evidence) == {OLD.id, NEW.id}
        assert insights.prior([Move(role=Role.EPOCHS, operation=Operation.SET, operand=9)], HERE) is None

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_what_could_not_be_read_back_is_refused_with_all_beside_it(self, fresh: Fresh, value: float) -> None:
        insights = fresh()
        with pytest.raises(StoreError):
            insights.add([OLD, replace(NEW, measured=Effect(value=value, low=0.0, high=0.0))])
        assert tuple(insights.all()) == ()
