"""Evidence from outside in a report: beside the verdicts, with a table of how signs agree, and nowhere when there is none."""

from dataclasses import replace

from report.campaigns import Page, winner

from rea.domain.hypothesis import Effect
from rea.domain.outside import Note, OnlineKind, OnlineResult, Outside
from rea.report.facts import facts_of
from rea.report.facts.outside import outside_of, sign
from rea.report.page import Beside, html, markdown
from rea.report.plots import draw

GOOD, BAD, OPEN = (
    Effect(value=0.01, low=0.005, high=0.015),
    Effect(value=-0.01, low=-0.02, high=-0.005),
    Effect(value=0.0, low=-0.01, high=0.01),
)


def result(subject: str, effect: Effect, **words: object) -> OnlineResult:
    c = winner().campaign
    made = OnlineResult(
        campaign=c.id,
        subject=subject,
        kind=OnlineKind.AB_TEST,
        metric="ctr",
        effect=effect,
        source="EXP-1",
        by="ann",
        at="2026-02-01T00:00:00+00:00",
        file="0" * 64,
    )
    return replace(made, **words)  # type: ignore[arg-type]


def test_signs_are_counted_where_both_intervals_speak() -> None:
    c = winner().campaign
    facts = outside_of(
        c, Outside(results=(result("proposal", GOOD), result("proposal", BAD), result("proposal", OPEN)))
    )
    assert [x.says for x in facts.results] == ["agrees", "disagrees", "unclear"]
    assert facts.signs == ((1, 1, 1), (0, 0, 0), (0, 0, 0))
    assert (facts.agree, facts.clear) == (1, 2)
    assert [sign(e) for e in (GOOD, BAD, OPEN)] == ["better", "worse", "unclear"]


def test_what_was_never_judged_has_no_verdict_to_agree_with() -> None:
    c = winner().campaign
    baseline = next(x.id for x in c.experiments.values() if str(x.change) == "baseline")
    facts = outside_of(c, Outside(results=(result(baseline, GOOD),)))
    assert [x.says for x in facts.results] == ["no verdict"]
    assert facts.signs == ()


def test_it_stands_in_a_section_of_its_own_escaped_and_only_where_there_is_any() -> None:
    told = winner()
    facts = facts_of(told.campaign, told.recorded)
    note = Note(
        campaign=told.campaign.id, text="<script>alert(1)</script> | `x`", by="ann", at="2026-02-01T00:00:00+00:00"
    )
    hostile = result("proposal", GOOD, metric="<img src=x>", source="| [a](javascript:1) token=abcdef123456", units=10)
    outside = outside_of(told.campaign, Outside(results=(hostile,), notes=(note,)))
    page = Page(html(facts, draw(facts), Beside(outside=outside)))
    assert "outside" in page.ids
    assert "script" not in page.fetched
    assert "img" not in page.fetched
    text = markdown(facts, Beside(outside=outside))
    before, _, after = text.partition("## Evidence from outside")
    assert "abcdef123456" not in after
    assert "<script>" not in after
    assert before.rstrip() == markdown(facts).rstrip(), "no other line of the report changes"
    assert "outside" not in Page(html(facts, draw(facts))).ids
