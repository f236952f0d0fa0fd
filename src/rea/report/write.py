"""Writes a campaign's report, each file whole or not at all."""

from collections.abc import Sequence
from pathlib import Path

from rea.domain.campaign import Campaign
from rea.domain.event import Recorded
from rea.domain.outside import Outside
from rea.report.facts import facts_of
from rea.report.facts.outside import outside_of
from rea.report.page import html, markdown


def write(
    campaign: Campaign, recorded: Sequence[Recorded], directory: Path, outside: Outside | None = None
) -> tuple[Path, Path]:
    """Write ``report.html`` (one file, no script, no outside request) and ``report.md``, and return their paths.

    What is known from outside fills a section of its own; no fact follows from it.
    """
    from rea.report.plots import draw

    directory.mkdir(parents=True, exist_ok=True)
    facts, beside = facts_of(campaign, recorded), outside_of(campaign, outside or Outside())
    return (
        _whole(directory / "report.html", html(facts, draw(facts), beside)),
        _whole(directory / "report.md", markdown(facts, beside)),
    )


def _whole(path: Path, text: str) -> Path:
    half = path.with_name(path.name + ".half")
    half.write_text(text, encoding="utf-8")
    half.replace(path)
    return path
