"""Facts as pages. All that came from outside is escaped: by autoescape in HTML, by ``md`` in Markdown."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rea.report import numbers as n
from rea.report.facts import Facts
from rea.report.facts.outside import SIGNS, OutsideFacts
from rea.report.prose.explain import Prose
from rea.report.weighing.weigh import Advice

if TYPE_CHECKING:
    from jinja2 import Template

    from rea.report.plots import Plots

MOST_ROWS, MOST_FAILURES = 120, 40
SPOKEN = re.compile(r"([\\`*_\[\]|~$])")


@dataclass(frozen=True, slots=True)
class Beside:
    """What a page says beside the facts: what is known from outside, and what a model made of the facts, marked as such."""

    outside: OutsideFacts = field(default_factory=OutsideFacts)
    prose: Prose | None = None
    advice: Advice | None = None


ALONE = Beside()
FILTERS: dict[str, Callable[..., str]] = {
    "effect": n.effect,
    "interval": n.interval,
    "alone": n.alone,
    "percent": n.percent,
    "share": n.share,
    "size": n.size,
    "value": n.value,
    "duration": n.duration,
    "hours": n.hours,
    "probability": n.probability,
}


def html(facts: Facts, plots: "Plots", beside: Beside = ALONE) -> str:
    """Return the report as one HTML file."""
    return _render("report.html.j2", facts, plots, beside)


def markdown(facts: Facts, beside: Beside = ALONE) -> str:
    """Return the report as Markdown."""
    return _render("report.md.j2", facts, None, beside)


def md(text: object) -> str:
    """Return ``text`` so that Markdown and the HTML inside it say it and do nothing else."""
    spoken = SPOKEN.sub(r"\\\1", str(text).replace("&", "&amp;"))
    return spoken.replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")


def code(text: object) -> str:
    """Return ``text`` as inline code that a table cell can hold."""
    return "`" + str(text).replace("`", "'").replace("|", "\\|").replace("<", "‹").replace("\n", " ") + "`"


def fence(text: object) -> str:
    """Return ``text`` so that it cannot end the code block it stands in."""
    return str(text).replace("```", "'''")


def template(name: str) -> "Template":
    """Return one of our pages, which refuses to leave out what is not known, and escapes what comes from outside."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters.update(FILTERS, md=md, code=code, fence=fence)
    return pages.get_template(name)


def _render(name: str, facts: Facts, plots: "Plots | None", beside: Beside) -> str:
    told = {
        "f": facts,
        "plots": plots,
        "o": beside.outside,
        "signs": SIGNS,
        "prose": beside.prose,
        "advice": beside.advice,
        "most_rows": MOST_ROWS,
        "most_failures": MOST_FAILURES,
    }
    return template(name).render(told)
