"""Insights to test with."""

from dataclasses import replace

from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Aim, Effect, Move, Operation, SourceName
from rea.domain.ids import CampaignId, Digest
from rea.domain.insight import Insight, Setting
from rea.domain.lever import Role, Scalar

HERE = Setting(workload="ads", model="dcn", data=Digest("d"))
NEAR = replace(HERE, data=Digest("other"))
FAR = Setting(workload="feed", model="mlp", data=Digest("e"))


def move(operand: Scalar, role: Role = Role.LEARNING_RATE, operation: Operation = Operation.MULTIPLY) -> Move:
    return Move(role=role, operation=operation, operand=operand)


def insight(
    effect: float | None,
    *moves: Move,
    setting: Setting = HERE,
    verdict: Verdict = Verdict.SUPPORTED,
    campaign: str = "c1",
) -> Insight:
    """Return an insight that measured ``effect`` with a standard error of 0.001; None: it failed."""
    return Insight(
        campaign=CampaignId(campaign),
        setting=setting,
        moves=moves or (move(3.0),),
        change=" ".join(map(str, moves)) or "learning_rate x 3.0",
        technique="rate",
        source=SourceName.RESEARCH,
        aim=Aim.QUALITY,
        verdict=verdict,
        predicted=Effect(value=0.0, low=-0.01, high=0.01),
        measured=None if effect is None else Effect(value=effect, low=effect - 0.00196, high=effect + 0.00196),
        seeds=3,
        cost_ms=10,
        at="2026-01-01T00:00:00+00:00",
        reason="because",
    )
