"""The report says what the journal says, in every state a campaign can be in, and nothing from outside gets through unescaped."""

from dataclasses import replace
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path

import pytest

from rea.domain.campaign import Campaign
from rea.domain.event import Recorded
from rea.domain.job import Job, JobState
from rea.executor.backends.simulated import Run
from rea.report import write
from rea.report.facts import facts_of
from rea.testing.simulation import CAMPAIGN, Truth, World

TRUTH = Truth(effects={"a": 0.02, "b": 0.012, "c": -0.01})
MOST_BYTES = 400_000


class Outside(HTMLParser):
    """Collects what a browser would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "img", "link", "object"):
            self.found.append(tag)
        self.found += [f"{k}={v}" for k, v in attrs if k in ("src", "onload", "onclick", "onerror")]


def pages(c: Campaign, recorded: tuple[Recorded, ...], folder: Path) -> tuple[str, str]:
    html, markdown = write(c, recorded, folder)
    seen = Outside()
    seen.feed(html.read_text())
    assert seen.found == []
    assert html.stat().st_size <= MOST_BYTES
    assert "Nothing was deployed" in html.read_text()
    return html.read_text(), markdown.read_text()


def finished(truth: Truth = TRUTH, **options: object) -> World:
    w = World(truth=truth, **options)  # type: ignore[arg-type]
    w.run()
    return w


def test_a_winner_is_told_with_its_interval_and_how_to_reproduce_it(tmp_path: Path) -> None:
    w = finished()
    html, markdown = pages(w.state, tuple(w.journal.read(CAMPAIGN)), tmp_path)
    c = w.state
    assert c.proposal is not None
    assert c.proposal.finding is not None
    worst = f"{100 * c.proposal.finding.effect.low:.2f}"
    for page in (html, markdown):
        assert "worth launching" in page.lower()
        assert worst in page
        assert c.plan_digest in page
    assert html.count("<svg") >= 3
    for table, lines in groupby(markdown.splitlines(), lambda line: line.startswith("|")):
        assert not table or len({line.count("|") - line.count("\\|") for line in lines}) == 1


def test_without_a_winner_it_says_so(tmp_path: Path) -> None:
    w = finished(Truth(effects={"a": 0.0, "b": -0.01}))
    html, _ = pages(w.state, tuple(w.journal.read(CAMPAIGN)), tmp_path)
    assert "Nothing to launch" in html


@pytest.mark.parametrize("steps", [0, 1, 3, 30])
def test_a_campaign_in_any_state_has_a_report(steps: int, tmp_path: Path) -> None:
    w = finished()
    events = tuple(w.journal.read(CAMPAIGN))[: 1 + steps]
    other = World(truth=TRUTH)
    other.journal.append(CAMPAIGN, [r.event for r in events])
    html, _ = pages(other.state, events, tmp_path)
    assert "not over" in html


def test_what_failed_is_shown_escaped_and_without_secrets(tmp_path: Path) -> None:
    log = "<script>alert(1)</script> \x1b[31m api_key=sk-12345 | end"

    def failing(job: Job) -> Run | None:
        return (
            Run(seconds=1, state=JobState.FAILED, reason="exit 1", log=log)
            if "a" in dict(job.change.overrides)
            else None
        )

    w = finished(failing=failing)
    html, markdown = pages(w.state, tuple(w.journal.read(CAMPAIGN)), tmp_path)
    for page in (html, markdown):
        assert "<script>alert" not in page
        assert "sk-12345" not in page
        assert "\x1b" not in page
    assert "&lt;script&gt;" in html


def test_hostile_names_do_not_break_the_page(tmp_path: Path) -> None:
    w = finished()
    c = replace(w.state, question="<img src=x onerror=alert(1)>")
    pages(c, tuple(w.journal.read(CAMPAIGN)), tmp_path)


def test_facts_are_the_journals() -> None:
    w = finished()
    facts = facts_of(w.state, w.journal.read(CAMPAIGN))
    assert sum(s.spent_ms for s in facts.spending) == w.state.ledger.spent
