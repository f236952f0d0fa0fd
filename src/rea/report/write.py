"""Writes a campaign's report, each file whole or not at all."""

from collections.abc import Sequence
from pathlib import Path

from rea.agent.question import Model
from rea.domain.campaign import Campaign
from rea.domain.event import Recorded
from rea.domain.outside import Outside
from rea.planner.trust import Record
from rea.report.facts import Facts, facts_of
from rea.report.facts.outside import outside_of
from rea.report.page import Beside, html, markdown
from rea.report.prose.explain import Prose, explain
from rea.report.prose.stated import of_report
from rea.report.weighing.weigh import weigh


def write(
    campaign: Campaign,
    recorded: Sequence[Recorded],
    directory: Path,
    *,
    outside: Outside | None = None,
    sources: Sequence[Record] = (),
    model: Model | None = None,
) -> tuple[Path, Path]:
    """Write ``report.html`` (one file, no script, no outside request) and ``report.md``, and return their paths.

    ``sources`` is what became of earlier predictions. What is known from ``outside`` fills a section of its own; no fact follows from it. Where
    ``model`` has something to say of the facts that stands, it is added, and marked as written by a model.
    """
    from rea.report.plots import draw

    directory.mkdir(parents=True, exist_ok=True)
    facts = facts_of(campaign, recorded, sources)
    prose = prose_of(model, facts) if model else None
    advice = weigh(model, campaign) if model else None
    beside = Beside(outside=outside_of(campaign, outside or Outside()), prose=prose, advice=advice)
    return (
        whole(directory / "report.html", html(facts, draw(facts), beside)),
        whole(directory / "report.md", markdown(facts, beside)),
    )


def prose_of(model: Model, facts: Facts) -> Prose | None:
    """Return prose about the facts of a report; None where nothing stands."""
    return explain(model, "the report on a series of experiments with one model", of_report(facts))


def whole(path: Path, text: str) -> Path:
    """Write a file so that a reader sees all of it or what was there before."""
    half = path.with_name(path.name + ".half")
    half.write_text(text, encoding="utf-8")
    half.replace(path)
    return path
