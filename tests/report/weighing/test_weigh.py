"""Advice rests on facts about confirmed candidates, violates no guardrail, and changes no answer."""

from dataclasses import replace
from pathlib import Path

import pytest
from report import campaigns
from scripted import Scripted, Unchecked

from rea.agent.question import NoModel
from rea.domain.campaign import Campaign
from rea.domain.evidence import GuardrailResult, Safety
from rea.report.weighing import weigh as module
from rea.report.weighing.weigh import Ground, Reason, Weighed, candidates, weigh
from rea.report.write import write

OF = campaigns.winner()
METRIC = Reason(kind=Ground.METRIC, fact="w1")
WRONG = {
    "no such candidate": Weighed(prefer="c99", reasons=(METRIC,)),
    "no reason": Weighed(prefer="c1"),
    "no such fact": Weighed(prefer="c1", reasons=(replace(METRIC, fact="w999"),)),
    "another ground": Weighed(prefer="c1", reasons=(replace(METRIC, kind=Ground.GUARDRAIL),)),
    "too many": Weighed(prefer="c1", reasons=(METRIC,) * 6),
}


def violated(c: Campaign) -> Campaign:
    """Return the campaign with a guardrail that its first candidate violates."""
    broken = GuardrailResult(guardrail="auc", outcome=Safety.VIOLATED, value=-0.01, low=-0.02, high=-0.005)
    first = candidates(c)["c1"]
    found = {k: replace(f, guardrails=(broken,)) if f is first else f for k, f in c.findings.items()}
    return replace(c, findings=found)


def test_advice_is_in_the_facts_own_words() -> None:
    model = Scripted({"weigher": lambda _: Weighed(prefer="c1", reasons=(METRIC,))})
    advice = weigh(model, OF.campaign)
    assert advice is not None and advice.prefer == str(
        OF.campaign.experiments[candidates(OF.campaign)["c1"].experiment].change
    )
    assert advice.reasons[0][0] == "metric" and "improvement" in advice.reasons[0][1]
    (asked,) = model.asked
    assert asked.tools == () and asked.most_tokens <= 500 and "language model" in advice.mark


@pytest.mark.parametrize("name", WRONG)
def test_what_no_fact_bears_out_is_no_advice(name: str) -> None:
    assert weigh(Unchecked(WRONG[name]), OF.campaign) is None


def test_who_violates_a_guardrail_is_not_preferred_and_may_be_argued_against() -> None:
    c = violated(OF.campaign)
    silent = Scripted({})
    assert weigh(silent, c) is None
    name = next(row.split(" ")[0] for row in silent.asked[0].material.splitlines() if "auc: violated" in row)
    assert weigh(Unchecked(Weighed(prefer="c1", reasons=(METRIC,))), c) is None
    advice = weigh(Unchecked(Weighed(prefer="", reasons=(Reason(kind=Ground.GUARDRAIL, fact=name),))), c)
    assert advice is not None and advice.prefer == ""


def test_planted_bug_without_the_check_a_violated_guardrail_is_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "wrong_with", lambda *_: "")
    assert weigh(Unchecked(Weighed(prefer="c1", reasons=(METRIC,))), violated(OF.campaign)) is not None


def test_nothing_is_asked_where_nothing_was_confirmed() -> None:
    model = Scripted({"weigher": lambda _: Weighed(prefer="")})
    assert weigh(model, campaigns.null().campaign) is None and model.asked == []
    assert weigh(NoModel(), OF.campaign) is None


def test_the_report_shows_advice_beside_the_answer(tmp_path: Path) -> None:
    model = Scripted({"weigher": lambda _: Weighed(prefer="c1", reasons=(METRIC,))})
    for text in (p.read_text() for p in write(OF.campaign, OF.recorded, tmp_path, model=model)):
        assert "Trade-offs" in text and "Weighed by a language model" in text
