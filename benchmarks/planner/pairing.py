"""What comparing under the same seeds buys: whether a seed that is kind to the default is kind to another configuration, too."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, median

import numpy as np

from benchmarks.planner.cells import CELLS, words
from benchmarks.planner.records import SHELF
from benchmarks.planner.score import FRESH


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
        yield f"{cell.name:22s} {len(others):3d} configurations: correlation {alike:+.2f}, paired over unpaired {bought:.2f}"
