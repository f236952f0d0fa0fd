"""Writes a campaign's report, each file whole or not at all."""

from collections.abc import Sequence
from pathlib import Path

from rea.domain.campaign import Campaign
from rea.domain.event import Recorded
from rea.planner.trust import Record
from rea.report.facts import facts_of
from rea.report.page import html, markdown


def write(
    campaign: Campaign, recorded: Sequence[Recorded], directory: Path, sources: Sequence[Record] = ()
) -> tuple[Path, Path]:
    """Write ``report.html`` (one file, no script, no outside request) and ``report.md``, and return their paths."""
    from rea.report.plots import draw

    directory.mkdir(parents=True, exist_ok=True)
    facts = facts_of(campaign, recorded, sources)
    return (
        _whole(directory / "report.html", html(facts, draw(facts))),
        _whole(directory / "report.md", markdown(facts)),
    )


def _whole(path: Path, text: str) -> Path:
    half = path.with_name(path.name + ".half")
    half.write_text(text, encoding="utf-8")
    half.replace(path)
    return path
