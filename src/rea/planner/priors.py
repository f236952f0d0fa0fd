"""What history says corrects what the catalogue expects."""

from collections.abc import Sequence
from dataclasses import replace

from rea.domain.hypothesis import Hypothesis
from rea.domain.insight import Setting
from rea.domain.lever import Role
from rea.planner.trust import trusted
from rea.planner.worth import worth
from rea.ports import Insights
from rea.statistics.calibration import Calibration

TAKEN_AT_ITS_WORD = Calibration()


def rerank(
    hypotheses: Sequence[Hypothesis],
    insights: Insights,
    setting: Setting,
    calibration: Calibration = TAKEN_AT_ITS_WORD,
    *,
    corrected: bool = True,
) -> list[Hypothesis]:
    """Return the hypotheses, best first, each predicting what history makes of its source's claim; see ``inform``."""
    informed = [inform(hypothesis, insights, setting, calibration, corrected=corrected) for hypothesis in hypotheses]
    return sorted(informed, key=lambda h: -worth(h))


def inform(
    hypothesis: Hypothesis,
    insights: Insights,
    setting: Setting,
    calibration: Calibration = TAKEN_AT_ITS_WORD,
    *,
    corrected: bool = True,
) -> Hypothesis:
    """Return the hypothesis with its claim as far as its source is trusted and, where ``corrected``, pooled with what experiments say of its moves.

    Levers without a role have nothing in common. What may fail costs as much more as tries are needed until one is measured.
    """
    claim, moves = hypothesis.predicted, hypothesis.moves
    if calibration.count:
        claim = trusted(claim, calibration)
    prior = None if not moves or any(m.role is Role.OTHER for m in moves) else insights.prior(moves, setting, claim)
    if prior is None:
        return replace(hypothesis, predicted=claim)
    return replace(
        hypothesis,
        predicted=prior.effect if corrected and prior.measured else claim,
        evidence=tuple(dict.fromkeys((*hypothesis.evidence, *prior.evidence))),
        rationale=f"{hypothesis.rationale} {prior.tally}",
        cost=hypothesis.cost / (1 - prior.risk),
    )
