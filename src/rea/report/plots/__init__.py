"""Plots as inline SVG. Matplotlib is loaded here and nowhere else."""

from dataclasses import dataclass

from rea.report.facts import Facts
from rea.report.plots.forest import forest
from rea.report.plots.predicted import predicted
from rea.report.plots.progress import budget, progress
from rea.report.plots.style import Drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Plots:
    """The plots of a report; None where there is nothing to draw yet."""

    forest: Drawn | None = None
    progress: Drawn | None = None
    budget: Drawn | None = None
    predicted: Drawn | None = None


def draw(facts: Facts) -> Plots:
    """Draw everything that there is something to show for."""
    return Plots(forest=forest(facts), progress=progress(facts), budget=budget(facts), predicted=predicted(facts))
