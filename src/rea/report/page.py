"""Facts as pages. All that came from outside is escaped by the templates."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rea.report.facts import Facts, signed

if TYPE_CHECKING:
    from rea.report.plots import Drawn


def html(facts: Facts, drawn: Sequence["Drawn"]) -> str:
    """Return the report as one HTML file."""
    return _render("report.html.j2", facts, drawn)


def markdown(facts: Facts) -> str:
    """Return the report as Markdown."""
    return _render("report.md.j2", facts, ())


def _render(template: str, facts: Facts, drawn: Sequence["Drawn"]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=template.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["signed"] = signed
    pages.filters["cell"] = lambda text: (
        "".join(ch for ch in str(text) if ch.isprintable()).replace("|", "\\|").replace("<", "&lt;")
    )
    pages.filters["readable"] = lambda text: "".join(ch for ch in str(text) if ch.isprintable() or ch == "\n")
    return pages.get_template(template).render(f=facts, c=facts.campaign, drawn=drawn)
