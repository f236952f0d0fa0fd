"""How plots look: one figure at a time, no global state, colours told apart by colour-blind readers (Okabe and Ito 2008).

Lines and text take the page's own colours, so that one drawing serves light, dark and print.
"""

import io
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rea.domain.experiment import Phase

INK, SOFT = "#010101", "#020202"  # stand in for the page's colours
_PAGE = {INK: "currentColor", SOFT: "var(--soft, #777)"}
SUPPORTED, REFUTED, UNCLEAR, FAINT = "#009e73", "#d55e00", "#3b8fc4", "#8a8f98"
OF_VERDICT = {"supported": SUPPORTED, "refuted": REFUTED, "inconclusive": UNCLEAR}
OF_PHASE = {
    Phase.CALIBRATION: "#8a8f98",
    Phase.VALIDATION: "#0072b2",
    Phase.COMBINATION: "#e69f00",
    Phase.EXPLOITATION: "#cc79a7",
    Phase.CONFIRMATION: "#009e73",
}
WIDTH = 8.6
_USED = re.compile(r'(?:href="#|url\(#)([^")]+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A plot as inline SVG, and what it shows in words."""

    alt: str
    svg: str
    note: str = ""


def figure(height: float, columns: int = 1, **grid: Any) -> Any:
    """Return a figure of this height (inches) and its axes."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = drawn.subplots(1, columns, squeeze=False, **grid)[0]
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.spines[["left", "bottom"]].set_color(SOFT)
        axis.tick_params(labelsize=8, colors=SOFT, labelcolor=INK)
    return drawn, axes


def window(values: Sequence[float], hold: Sequence[float]) -> tuple[float, float]:
    """Return axis limits that hold zero, all of ``hold`` and the bulk of ``values``: one run that diverged must not flatten the rest."""
    ordered = sorted(values)
    first, third = ordered[len(ordered) // 4], ordered[(3 * len(ordered)) // 4]
    reach = 3 * max(third - first, max((0.0, *hold)) - min((0.0, *hold)))
    kept = [0.0, *hold, *(v for v in values if first - reach <= v <= third + reach)]
    pad = 0.05 * (max(kept) - min(kept)) or 1e-3
    return min(kept) - pad, max(kept) + pad


def beyond(values: Sequence[float], limits: tuple[float, float]) -> str:
    """Say how many points lie outside the axis, or nothing."""
    out = sum(not limits[0] <= v <= limits[1] for v in values)
    return f" Far off and shown at the edge as arrows: {out}." if out else ""


def clipped(value: float, limits: tuple[float, float], arrows: str, mark: str) -> tuple[float, str]:
    """Return where to draw a point and as what: beyond the axis it becomes an arrow (below, above) at its edge."""
    if limits[0] <= value <= limits[1]:
        return value, mark
    return (limits[0], arrows[0]) if value < limits[0] else (limits[1], arrows[1])


def label(axis: Any, x: str, y: str = "") -> None:
    """Name the axes."""
    axis.set_xlabel(x, fontsize=8, color=SOFT)
    axis.set_ylabel(y, fontsize=8, color=SOFT)


def svg(drawn: Any, name: str) -> str:
    """Return the figure as SVG to stand inside a page; ``name`` keeps its ids apart from other figures'."""
    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a glyph that matplotlib's font lacks is the browser's to draw
        drawn.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    return _slim(buffer.getvalue())


def _slim(text: str) -> str:
    """Leave out what a page does not need: the XML prologue, metadata, ids nobody refers to; and use the page's fonts and colours."""
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text[text.index("<svg") :], flags=re.DOTALL)
    used = set(_USED.findall(text))
    text = re.sub(r' id="([^"]+)"', lambda m: m.group(0) if m.group(1) in used else "", text)
    text = re.sub(r"font: ([\d.]+px) [^;\"]+", r"font-size: \1; font-family: inherit", text)
    text = re.sub(r"font-family: '[^;\"]+", "font-family: inherit", text)
    for ink, ours in _PAGE.items():
        text = text.replace(ink, ours)
    text = re.sub(r'(<svg[^>]*?) width="[^"]+"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]+"', r"\1", text, count=1)
    return re.sub(r">\s+<", "><", text)
