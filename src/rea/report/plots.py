"""Plots as inline SVG, drawn by matplotlib without global state. Colours are told apart by colour-blind readers (Okabe and Ito)."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rea.report.facts import Facts, Tried

COLOURS = {"supported": "#009E73", "refuted": "#D55E00", "inconclusive": "#56B4E9", "dropped": "#999999"}
MOST_ROWS = 30


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plot and what it shows, in words."""

    title: str
    alt: str
    svg: str


def all_of(facts: Facts) -> tuple[Drawn, ...]:
    """Return the plots that there is something to draw for."""
    rows = sorted((t for t in facts.tried if t.verdict != "dropped"), key=lambda t: -t.effect.value)[:MOST_ROWS]
    found = []
    if facts.confirmed or rows:
        alt = "Intervals of effects, best first; confirmed ones on top."
        found.append(Drawn("What helps, and how sure that is", alt, _forest([*facts.confirmed, *rows])))
    if facts.spending:
        alt = (
            "Device-seconds by phase, planned with interval and spent; and the best improvement against what was spent."
        )
        found.append(Drawn("Where the budget went, and what it bought", alt, _budget(facts)))
    scored = [t for t in facts.singles if t.verdict != "dropped"]
    if scored:
        alt = "Predicted improvement with its 80 % interval against the measured one, for each hypothesis."
        found.append(Drawn("Predicted against measured", alt, _predicted(scored)))
    return tuple(found)


def _forest(rows: Sequence[Tried]) -> str:
    figure = _figure(7.6, 0.9 + 0.26 * len(rows))
    axis = figure.add_subplot()
    for place, t in enumerate(reversed(rows)):
        confirmed = t.phase == "confirmation"
        colour = COLOURS.get(t.verdict, "#999999")
        axis.plot(
            [100 * t.effect.low, 100 * t.effect.high],
            [place, place],
            color=colour,
            lw=3 if confirmed else 1.6,
            alpha=0.9,
        )
        axis.plot(
            [100 * t.effect.value], [place], marker="D" if confirmed else "o", color=colour, ms=6 if confirmed else 4
        )
    axis.axvline(0, color="#888888", lw=0.8)
    axis.set_yticks(range(len(rows)), [_label(t) for t in reversed(rows)], fontsize=7)
    axis.set_xlabel(
        "relative improvement, % (right is better); diamonds: confirmed on test rows; circles: selected, shrunk",
        fontsize=7,
    )
    for verdict, colour in COLOURS.items():
        axis.plot([], [], color=colour, label=verdict)
    axis.legend(fontsize=7, loc="lower right")
    return _svg(figure)


def _label(t: Tried) -> str:
    text = f"{t.phase[:7]}: {t.change}"
    return text if len(text) < 64 else text[:61] + "…"


def _budget(facts: Facts) -> str:
    figure = _figure(7.6, 2.6)
    left, right = figure.subplots(1, 2)
    names = [s.phase for s in facts.spending]
    left.barh(names, [s.spent for s in facts.spending], color="#0072B2", height=0.5)
    for place, s in enumerate(facts.spending):
        if s.planned:
            left.plot([s.low, s.high], [place, place], color="#E69F00", lw=2)
            left.plot([s.planned], [place], marker="|", color="#E69F00", ms=10)
    left.invert_yaxis()
    left.set_xlabel("device-seconds: spent (bar), planned (line)", fontsize=7)
    x, y = [p[0] for p in facts.progress], [100 * p[1] for p in facts.progress]
    right.step(x, y, where="post", color="#009E73")
    right.set_xlabel("device-seconds spent", fontsize=7)
    right.set_ylabel("best improvement so far, %", fontsize=7)
    return _svg(figure)


def _predicted(rows: Sequence[Tried]) -> str:
    figure = _figure(5.2, 3.2)
    axis = figure.add_subplot()
    for t in rows:
        assert t.predicted is not None
        colour = COLOURS.get(t.verdict, "#999999")
        axis.plot([100 * t.predicted.low, 100 * t.predicted.high], [100 * t.raw] * 2, color=colour, lw=0.8, alpha=0.6)
        axis.plot([100 * t.predicted.value], [100 * t.raw], marker="o", ms=4, color=colour)
    ends = axis.get_xlim()
    axis.plot(ends, ends, color="#888888", lw=0.8, ls="--")
    axis.set_xlabel("predicted improvement, % (line: 80 % interval)", fontsize=7)
    axis.set_ylabel("measured, %", fontsize=7)
    return _svg(figure)


def _figure(width: float, height: float) -> Any:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = "rea"  # the same facts draw the same bytes
    mpl.rcParams["svg.fonttype"] = "none"
    return Figure(figsize=(width, height), layout="constrained")


def _svg(figure: Any) -> str:
    for axis in figure.axes:
        axis.tick_params(labelsize=7)
        axis.spines[["top", "right"]].set_visible(False)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    text = buffer.getvalue()
    return re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
