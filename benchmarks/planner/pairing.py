"""What pairing, control variates and averaging over rows buy, measured on the recorded trainings of each cell.

Pairing: whether a seed that is kind to the default is kind to another configuration, too. Control variate: what the same training's score at a
third of its steps, known for every run that goes through the cheap fidelity, explains of the seed noise of its last one. Averaging: how much of the
noise of a comparison would be left with ever so many seeds, since the rows stay the same.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, median

import numpy as np

from benchmarks.planner.cells import CELLS, words
from benchmarks.planner.records import SHELF
from benchmarks.planner.score import FRESH
from benchmarks.planner.shelf import Line
from benchmarks.planner.trainer import THIRD, WHOLE

EIGHT = 8  # seeds


def lines(work: Path) -> Iterator[str]:
    """Yield for each cell, over all configurations that were retrained under the fresh seeds, their correlation with the default over seeds, and
    the deviation of paired differences over that of unpaired ones."""
    runs: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for line in SHELF.lines(work):
        if line["seed"] in FRESH and not line["failed"]:
            runs[line["cell"], line["words"]][line["seed"]] = line["curve"][-1]
    whole = {key: np.array([found[s] for s in FRESH]) for key, found in runs.items() if len(found) == len(FRESH)}
    for cell in CELLS:
        default = whole.get((cell.name, " ".join(words(cell, {}))))
        others = [v for (name, _), v in whole.items() if name == cell.name and v is not default and v.std() > 0]
        if default is None or not others:
            continue
        alike = fmean(float(np.corrcoef(default, v)[0, 1]) for v in others)
        bought = median(float((v - default).std(ddof=1) / np.sqrt(v.var(ddof=1) + default.var(ddof=1))) for v in others)
        paired = f"correlation {alike:+.2f}, paired over unpaired {bought:.2f}"
        yield f"{cell.name:22s} {len(others):3d} configurations: {paired}{_further(cell.name, work)}"


def _further(cell: str, work: Path) -> str:
    """Return what a control variate and more seeds would buy, over configurations that were trained under at least EIGHT seeds."""
    runs: dict[str, list[Line]] = defaultdict(list)
    for line in SHELF.lines(work):
        if line["cell"] == cell and len(line["curve"]) > WHOLE:
            runs[line["words"]].append(line)
    known = [found for found in runs.values() if len(found) >= EIGHT]
    whole = [np.array([line["curve"][-1] for line in found]) for found in known]
    third = [np.array([line["curve"][THIRD] for line in found]) for found in known]
    pairs = [(w, t) for w, t in zip(whole, third, strict=True) if w.std() > 0 and t.std() > 0]
    if not pairs:
        return ""
    left = median(_left(w, t) for w, t in pairs)
    blocks = [np.mean([line["blocks"] for line in found], axis=0) for found in known]
    rows = median(
        float((b - blocks[0]).std(ddof=1) / np.sqrt(len(b)) / w.std(ddof=1))
        for b, w in zip(blocks[1:], whole[1:], strict=True)
        if w.std() > 0
    )
    return f"; with the score at a third {left:.2f} of the seed noise is left; rows alone {rows:.2f} seed sd"


def _left(
    whole: "np.ndarray[tuple[int], np.dtype[np.float64]]", third: "np.ndarray[tuple[int], np.dtype[np.float64]]"
) -> float:
    """Return the deviation that is left once the control variate is taken off, adjusted for having fitted its slope (one degree of freedom)."""
    n = len(whole)
    rho = float(np.corrcoef(whole, third)[0, 1])
    return float(np.sqrt((1 - rho**2) * (n - 1) / (n - 2)))
