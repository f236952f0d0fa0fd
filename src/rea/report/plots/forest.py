"""Effects with their intervals, one below the other: confirmed ones on top, what was used to choose beneath."""

from collections.abc import Sequence
from typing import Any

from rea.domain.experiment import Phase
from rea.report import numbers as n
from rea.report.facts import Facts
from rea.report.facts.tried import Tried
from rea.report.plots.style import FAINT, INK, OF_VERDICT, SOFT, Drawn, figure, label, svg

MOST = 24
NAME = 46


def forest(f: Facts) -> Drawn | None:
    """Return the forest plot; None while nothing was measured."""
    rows = chosen(f)
    if not rows:
        return None
    drawn, (axis,) = figure(0.75 + 0.27 * len(rows))
    for place, t in enumerate(rows):
        _row(axis, place, t)
    _words(axis, rows)
    axis.axvline(0, color=SOFT, lw=0.8)
    confirmed = sum(t.phase == Phase.CONFIRMATION for t in rows)
    if 0 < confirmed < len(rows):
        axis.axhline(confirmed - 0.5, color=SOFT, lw=0.6, ls=":")
    axis.set_ylim(len(rows) - 0.4, -0.6)
    label(axis, "improvement, % (right of the line is better)")
    return Drawn(alt=_alt(rows), svg=svg(drawn, "forest"))


def chosen(f: Facts) -> Sequence[Tried]:
    """Return the rows: all that was confirmed, and the best and worst of the rest as far as there is room."""
    rest = [t for t in f.tried if t.measured and t.phase != Phase.CONFIRMATION]
    room = MOST - len(f.confirmed)
    kept = rest if len(rest) <= room else [*rest[: room - room // 4], *rest[-(room // 4) :]]
    return [*(t for t in f.confirmed if t.measured), *kept]


def _row(axis: Any, place: int, t: Tried) -> None:
    assert t.effect is not None
    sure = t.phase == Phase.CONFIRMATION
    colour = OF_VERDICT.get(t.verdict, FAINT)
    axis.plot([100 * t.effect.low, 100 * t.effect.high], [place, place], color=colour, lw=3 if sure else 1.5)
    face = colour if t.verdict == "supported" else "none"
    axis.plot([100 * t.effect.value], [place], marker="D" if sure else "o", mfc=face, mec=colour, ms=6 if sure else 5)


def _words(axis: Any, rows: Sequence[Tried]) -> None:
    places = range(len(rows))
    axis.set_yticks(places, [_name(t) for t in rows], fontsize=8, color=INK, parse_math=False)
    axis.tick_params(axis="y", length=0)
    right = axis.secondary_yaxis("right")
    right.set_yticks(places, [_says(t) for t in rows], fontsize=8, color=INK)
    right.tick_params(length=0)
    right.spines["right"].set_visible(False)


def _name(t: Tried) -> str:
    return t.change if len(t.change) <= NAME else t.change[: NAME - 1] + "…"


def _says(t: Tried) -> str:
    assert t.effect is not None
    kind = "confirmed on test rows" if t.phase == Phase.CONFIRMATION else f"selected, {t.phase}"
    return f"{n.effect(t.effect)}  {t.verdict}; {kind}"


def _alt(rows: Sequence[Tried]) -> str:
    return "Effects with intervals. " + "; ".join(f"{_name(t)}: {_says(t)}" for t in rows[:8])
