"""Effects with their intervals, one below the other: confirmed ones on top, what was used to choose beneath."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rea.domain.experiment import Phase
from rea.domain.hypothesis import Effect
from rea.report import numbers as n
from rea.report.facts import Facts
from rea.report.facts.tried import Tried
from rea.report.plots.style import FAINT, INK, OF_VERDICT, SOFT, Drawn, beyond, clipped, figure, label, svg, window

MOST = 24
NAME = 42
MARKS = {"supported": "✓", "refuted": "✗", "inconclusive": "?"}
Row = tuple[Tried, Effect]


def forest(f: Facts) -> Drawn | None:
    """Return the forest plot; None while nothing was measured."""
    rows = chosen(f)
    if not rows:
        return None
    drawn, (axis,) = figure(0.75 + 0.26 * len(rows))
    limits = _limits(rows)
    for place, (t, effect) in enumerate(rows):
        _mark(axis, place, t, effect, limits)
    _words(axis, rows)
    confirmed = sum(t.phase == Phase.CONFIRMATION for t, _ in rows)
    axis.axvline(0, color=SOFT, lw=0.8)
    axis.axhline(confirmed - 0.5, color=SOFT, lw=0.6 if 0 < confirmed < len(rows) else 0, ls=":")
    axis.set_xlim(*limits)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    label(axis, "improvement, % (right of the line is better)")
    alt = "Effects with intervals. " + "; ".join(f"{t.change}: {_says(t, x)}" for t, x in rows[:8])
    return Drawn(alt=alt, svg=svg(drawn, "forest"), note=_hidden(f, rows) + beyond(_values(rows), limits))


def chosen(f: Facts) -> Sequence[Row]:
    """Return the rows: all that was confirmed, and the best and worst of the rest as far as there is room."""
    found = [(t, t.effect) for t in f.tried if t.measured and t.effect is not None]
    top = [r for r in found if r[0].phase == Phase.CONFIRMATION]
    rest = [r for r in found if r[0].phase != Phase.CONFIRMATION]
    room = MOST - len(top)
    return [*top, *(rest if len(rest) <= room else [*rest[: room - room // 4], *rest[-(room // 4) :]])]


def names(rows: Sequence[Tried]) -> list[str]:
    """Return a short name of each change: what few others share comes first, what does not fit is counted."""
    shared = Counter(part for t in rows for part in t.parts)
    return [_name(sorted(t.parts, key=lambda part: shared[part]) or [t.change]) for t in rows]


def _name(parts: Sequence[str]) -> str:
    for kept in range(len(parts), 0, -1):
        more = f" +{len(parts) - kept}" if kept < len(parts) else ""
        text = ", ".join(parts[:kept]) + more
        if len(text) <= NAME:
            return text
    return parts[0][: NAME - 1] + "…"


def _limits(rows: Sequence[Row]) -> tuple[float, float]:
    sure = [100 * end for t, x in rows if t.phase == Phase.CONFIRMATION for end in (x.low, x.high)]
    return window([100 * end for _, x in rows for end in (x.low, x.high)], sure)


def _values(rows: Sequence[Row]) -> list[float]:
    return [100 * x.value for _, x in rows]


def _mark(axis: Any, place: int, t: Tried, effect: Effect, limits: tuple[float, float]) -> None:
    sure = t.phase == Phase.CONFIRMATION
    colour = OF_VERDICT.get(t.verdict, FAINT)
    at, mark = clipped(100 * effect.value, limits, "<>", "D" if sure else "o")
    face = colour if t.verdict == "supported" or mark in "<>" else "none"
    axis.plot([100 * effect.low, 100 * effect.high], [place, place], color=colour, lw=3 if sure else 1.5)
    axis.plot([at], [place], marker=mark, mfc=face, mec=colour, ms=6 if sure else 5, clip_on=False)


def _words(axis: Any, rows: Sequence[Row]) -> None:
    places = range(len(rows))
    axis.set_yticks(places, names([t for t, _ in rows]), fontsize=8, color=INK, parse_math=False)
    axis.tick_params(axis="y", length=0)
    right = axis.secondary_yaxis("right")
    right.set_yticks(places, [_says(t, x) for t, x in rows], fontsize=8, color=INK)
    right.tick_params(length=0)
    right.spines["right"].set_visible(False)


def _says(t: Tried, effect: Effect) -> str:
    kind = "confirmed" if t.phase == Phase.CONFIRMATION else f"selected: {t.phase}"
    return f"{n.effect(effect)} {MARKS.get(t.verdict, '')} {t.verdict}, {kind}"


def _hidden(f: Facts, rows: Sequence[Row]) -> str:
    missing = sum(t.measured for t in f.tried) - len(rows)
    return f" {missing} of the middle are left out; the tables have all." if missing else ""
