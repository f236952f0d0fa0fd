"""The best effect along what was spent, and where the budget went."""

from typing import Any

from rea.domain.experiment import Phase
from rea.report import numbers as n
from rea.report.facts import Facts
from rea.report.facts.spending import Progress
from rea.report.plots.style import (
    FAINT,
    INK,
    OF_PHASE,
    SOFT,
    SUPPORTED,
    Drawn,
    beyond,
    clipped,
    figure,
    label,
    svg,
    window,
)


def progress(f: Facts) -> Drawn | None:
    """Return the best verified effect against device time; None before anything was measured."""
    p = f.progress
    if not p.looks:
        return None
    divisor, unit = n.unit_of(p.spent)
    scale = 1000 * divisor
    drawn, (axis,) = figure(2.7)
    _shade(axis, f, scale)
    limits = _limits(p)
    for x, y in p.looks:
        at, mark = clipped(100 * y, limits, "v^", ".")
        axis.plot([x / scale], [at], mark, color=FAINT, ms=4, alpha=0.7, clip_on=False)
    steps = [*p.best, (p.spent, p.best[-1][1])]
    axis.step([x / scale for x, _ in steps], [100 * y for _, y in steps], where="post", color=INK, lw=1.6)
    for x, e in p.confirmed:
        axis.plot([x / scale] * 2, [100 * e.low, 100 * e.high], color=SUPPORTED, lw=2.5)
        axis.plot([x / scale], [100 * e.value], "D", color=SUPPORTED, ms=6)
    axis.set_xlim(0, p.spent / scale * 1.02)
    axis.set_ylim(*limits)
    axis.axhline(0, color=SOFT, lw=0.6)
    label(axis, f"device time spent, {unit}", "improvement, %")
    alt = f"Best improvement against device time: {n.percent(p.best[-1][1])} before Confirmation, after {n.duration(p.spent)}."
    return Drawn(alt=alt, svg=svg(drawn, "progress"), note=beyond([100 * y for _, y in p.looks], limits))


def _limits(p: Progress) -> tuple[float, float]:
    hold = [*(100 * y for _, y in p.best), *(100 * end for _, e in p.confirmed for end in (e.low, e.high))]
    return window([0.0, *(100 * y for _, y in p.looks)], hold)


def _shade(axis: Any, f: Facts, scale: float) -> None:
    total = f.progress.spent
    for span in f.progress.spans:
        end = total if span.end is None else span.end
        axis.axvspan(span.start / scale, end / scale, color=OF_PHASE[span.phase], alpha=0.13, lw=0)
        if end - span.start > 0.09 * total:
            middle = (span.start + end) / 2 / scale
            axis.text(
                middle, 1.01, span.phase, fontsize=7, color=SOFT, ha="center", transform=axis.get_xaxis_transform()
            )


def budget(f: Facts) -> Drawn | None:
    """Return what each phase spent beside what was planned, and the whole budget in one bar; None before any is known."""
    if not f.spending:
        return None
    most = max(f.money.granted, *(s.planned.high if s.planned else s.spent_ms for s in f.spending))
    divisor, unit = n.unit_of(most)
    scale = 1000 * divisor
    drawn, (axis,) = figure(0.9 + 0.28 * len(f.spending))
    for place, s in enumerate(f.spending):
        axis.barh(place, s.spent_ms / scale, color=OF_PHASE[s.phase], height=0.55)
        if s.planned is not None:
            axis.plot([s.planned.low / scale, s.planned.high / scale], [place, place], color=INK, lw=1.2)
            axis.plot([s.planned.value / scale], [place], "|", color=INK, ms=9)
    _whole(axis, f, len(f.spending), scale)
    axis.set_yticks(range(len(f.spending) + 1), [*(str(s.phase) for s in f.spending), "whole budget"], fontsize=8)
    axis.set_ylim(len(f.spending) + 0.5, -0.5)
    label(axis, f"device time, {unit}: bar = spent; line = planned, with its interval")
    m = f.money
    alt = f"Spent {n.duration(m.spent)} and held {n.duration(m.held)} of {n.duration(m.granted)} granted."
    return Drawn(alt=alt, svg=svg(drawn, "budget"))


def _whole(axis: Any, f: Facts, place: int, scale: float) -> None:
    left = 0.0
    for phase, spent in ((s.phase, s.spent_ms) for s in f.spending):
        axis.barh(place, spent / scale, left=left, color=OF_PHASE[Phase(phase)], height=0.55)
        left += spent / scale
    axis.barh(
        place, f.money.held / scale, left=left, facecolor="none", edgecolor=SOFT, hatch="////", height=0.55, lw=0.6
    )
    axis.barh(place, f.money.granted / scale, facecolor="none", edgecolor=SOFT, height=0.55, lw=0.8)
