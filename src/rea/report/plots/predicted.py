"""Predicted against measured: near the diagonal, predictions are worth having."""

from rea.report.facts import Facts
from rea.report.plots.style import FAINT, OF_VERDICT, SOFT, Drawn, figure, label, svg


def predicted(f: Facts) -> Drawn | None:
    """Return the scatter of predictions with both intervals; None while no prediction can be scored."""
    rows = [(t.claim.predicted, t.raw, t.verdict) for t in f.hypotheses if t.measured and t.claim and t.raw]
    if not rows:
        return None
    drawn, (axis,) = figure(3.6)
    for guess, raw, verdict in rows:
        colour = OF_VERDICT.get(verdict, FAINT)
        axis.plot([100 * guess.low, 100 * guess.high], [100 * raw.value] * 2, color=colour, lw=1, alpha=0.55)
        axis.plot([100 * guess.value] * 2, [100 * raw.low, 100 * raw.high], color=colour, lw=1, alpha=0.55)
        axis.plot([100 * guess.value], [100 * raw.value], "o", ms=5, color=colour)
    ends = [min(axis.get_xlim()[0], axis.get_ylim()[0]), max(axis.get_xlim()[1], axis.get_ylim()[1])]
    axis.plot(ends, ends, color=SOFT, lw=0.8, ls="--")
    axis.axhline(0, color=SOFT, lw=0.4)
    axis.axvline(0, color=SOFT, lw=0.4)
    label(axis, "predicted improvement, % (across: 80 % interval)", "measured, % (up: 95 % interval)")
    inside = f.calibration
    alt = f"Predicted against measured improvement of {len(rows)} hypotheses; {inside.inside} of {inside.scored} inside their interval."
    return Drawn(alt=alt, svg=svg(drawn, "predicted"))
