"""Predicted against measured: near the diagonal, predictions are worth having."""

from collections.abc import Sequence
from typing import Any

from rea.domain.hypothesis import Effect
from rea.report.facts import Facts
from rea.report.plots.style import FAINT, OF_VERDICT, SOFT, Drawn, beyond, clipped, figure, label, svg, window

CROWD = 15  # beyond so many points the upright intervals hide them
Row = tuple[Effect, Effect, str]


def predicted(f: Facts) -> Drawn | None:
    """Return the scatter of predictions with both intervals; None while no prediction can be scored."""
    rows = [(t.claim.predicted, t.raw, t.verdict) for t in f.hypotheses if t.measured and t.claim and t.raw]
    if not rows:
        return None
    drawn, (axis,) = figure(3.6)
    crowded = len(rows) > CROWD
    limits = window([100 * end for _, x, _ in rows for end in ((x.value,) if crowded else (x.low, x.high))], ())
    for row in rows:
        _mark(axis, row, limits, crowded)
    _lines(axis, limits)
    label(
        axis,
        "predicted improvement, % (across: 80 % interval)",
        f"measured, %{'' if crowded else ' (up: 95 % interval)'}",
    )
    return Drawn(
        alt=_alt(f, rows), svg=svg(drawn, "predicted"), note=beyond([100 * r.value for _, r, _ in rows], limits)
    )


def _mark(axis: Any, row: Row, limits: tuple[float, float], crowded: bool) -> None:
    guess, raw, verdict = row
    colour = OF_VERDICT.get(verdict, FAINT)
    at, mark = clipped(100 * raw.value, limits, "v^", "o")
    axis.plot([100 * guess.low, 100 * guess.high], [at, at], color=colour, lw=1, alpha=0.4)
    if not crowded:
        axis.plot([100 * guess.value] * 2, [100 * raw.low, 100 * raw.high], color=colour, lw=1, alpha=0.4)
    axis.plot([100 * guess.value], [at], mark, ms=5, color=colour, clip_on=False)


def _lines(axis: Any, limits: tuple[float, float]) -> None:
    low, high = axis.get_xlim()
    axis.plot([low, high], [low, high], color=SOFT, lw=0.8, ls="--")
    axis.axhline(0, color=SOFT, lw=0.4)
    axis.axvline(0, color=SOFT, lw=0.4)
    axis.set_xlim(low, high)
    axis.set_ylim(*limits)


def _alt(f: Facts, rows: Sequence[Row]) -> str:
    x = f.calibration
    return f"Predicted against measured improvement of {len(rows)} hypotheses; {x.inside} of {x.scored} inside their interval."
