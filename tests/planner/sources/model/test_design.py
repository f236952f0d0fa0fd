"""A reviewer may doubt a proposal; the doubt counts only where the numbers bear it out."""

from dataclasses import replace
from pathlib import Path

import pytest
from planner.foreign import briefing
from planner.sources.model.test_ideas import EDITABLE, GOOD, set_to
from planner.sources.model.test_source import CODE, LESSON, source
from scripted import Scripted, Unchecked

from rea.planner.sources.model import design
from rea.planner.sources.model.design import Doubt, Doubted, Review, review
from rea.planner.sources.model.facts import evidence
from rea.planner.sources.model.ideas import Idea, Ideas, Known, LeverValue

INSIGHT = f"insight:{LESSON.id[:12]}"
KNOWN = Known(evidence=evidence([LESSON], (), {}))
SMALL = replace(GOOD, low=0.0, value=0.001, high=0.002)
BOTH = replace(GOOD, set=(*GOOD.set, LeverValue(lever="p_drop", value=0.2)))
IDEAS = (GOOD, set_to("p_drop", 0.1), SMALL, BOTH)
TRUE = (
    Doubted(number=2, kind=Doubt.ANSWERED, evidence=(INSIGHT,)),
    Doubted(number=3, kind=Doubt.UNDETECTABLE),
    Doubted(number=4, kind=Doubt.CONFOUNDED, levers=("optim.lr", "p_drop")),
)
FALSE = (
    Doubted(number=1, kind=Doubt.ANSWERED, evidence=(INSIGHT,)),
    Doubted(number=2, kind=Doubt.ANSWERED, evidence=()),
    Doubted(number=2, kind=Doubt.ANSWERED, evidence=("insight:ffffffffffff",)),
    Doubted(number=2, kind=Doubt.ANSWERED, evidence=(INSIGHT, "technique:learning_rate_x3")),
    Doubted(number=1, kind=Doubt.UNDETECTABLE),
    Doubted(number=1, kind=Doubt.CONFOUNDED, levers=("optim.lr",)),
    Doubted(number=4, kind=Doubt.CONFOUNDED, levers=("optim.lr", "bs")),
    Doubted(number=9, kind=Doubt.UNDETECTABLE),
)


def left(*doubts: Doubted) -> tuple[Idea, ...]:
    return review(IDEAS, briefing(EDITABLE), KNOWN, Unchecked(Review(doubts=doubts)), CODE).ideas


def test_doubts_that_hold_take_their_proposals_away() -> None:
    assert left(*TRUE) == (GOOD,) and left() == IDEAS


@pytest.mark.parametrize("doubt", FALSE)
def test_doubts_that_do_not_hold_take_nothing_away(doubt: Doubted) -> None:
    assert left(doubt) == IDEAS


def test_planted_bug_without_the_check_a_reviewer_clears_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(design, "wrong_with", lambda *_: "")
    assert left(*FALSE) != IDEAS


def test_the_reviewer_may_search_and_nothing_else() -> None:
    model = Scripted({"reviewer": lambda _: Review()})
    review(IDEAS, briefing(EDITABLE), KNOWN, model, CODE)
    (asked,) = model.asked
    assert [tool.__name__ for tool in asked.tools] == ["search"] and asked.most_tokens <= 1200
    assert "proposal 4: optim.lr = 0.003, p_drop = 0.2; expected +0.40 % [-0.20, +1.00]" in asked.material


def test_within_the_source_what_is_left_names_both_wordings(tmp_path: Path) -> None:
    roles = {
        "proposer": lambda _: Ideas(ideas=(GOOD, set_to("p_drop", 0.1))),
        "reviewer": lambda _: Review(doubts=(TRUE[0],)),
    }
    (kept,) = source(Scripted(roles), tmp_path).propose(briefing(EDITABLE), 10)
    assert kept.change.value("optim.lr", 0) == 0.003 and "reviewed by prompt" in kept.citation
    alone = source(Scripted({"proposer": roles["proposer"]}), tmp_path).propose(briefing(EDITABLE), 10)
    assert len(alone) == 2 and "reviewed" not in alone[0].citation, "without a reviewer all are left"
