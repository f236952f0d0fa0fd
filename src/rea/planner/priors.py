"""What history says corrects what the catalogue expects."""

from collections.abc import Sequence
from dataclasses import replace

from rea.domain.hypothesis import Hypothesis
from rea.domain.insight import Setting
from rea.domain.lever import Role
from rea.planner.worth import worth
from rea.ports import Insights


def rerank(hypotheses: Sequence[Hypothesis], insights: Insights, setting: Setting) -> list[Hypothesis]:
    """Return the hypotheses, best first, predicting the pooled prior wherever experiments say something of their moves."""
    informed = [inform(hypothesis, insights, setting) for hypothesis in hypotheses]
    return sorted(informed, key=lambda h: -worth(h))


def inform(hypothesis: Hypothesis, insights: Insights, setting: Setting) -> Hypothesis:
    """Return the hypothesis with its prediction replaced by the prior; levers without a role have nothing in common."""
    moves = hypothesis.moves
    prior = None if not moves or any(m.role is Role.OTHER for m in moves) else insights.prior(moves, setting)
    if prior is None:
        return hypothesis
    evidence = tuple(dict.fromkeys((*hypothesis.evidence, *prior.evidence)))
    said = f"{prior.support} experiments before speak for it, {prior.against} against."
    return replace(hypothesis, predicted=prior.effect, evidence=evidence, rationale=f"{hypothesis.rationale} {said}")
