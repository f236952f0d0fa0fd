"""What a set of hypotheses promises together, drawn at random: true effects, what selection would see of them, the stack it would choose. Pure.

Half of the hypotheses are drawn to do nothing, as the judge believes too. Failures, interactions and the search are left out:
``rea plan --dry-run`` plays them.
"""

from collections.abc import Sequence
from math import inf, sqrt
from statistics import NormalDist, fmean
from typing import TYPE_CHECKING

from rea.domain.campaign import Campaign
from rea.domain.hypothesis import Effect, Hypothesis
from rea.planner.arms import INTERVAL_80, LEAST_SPREAD
from rea.planner.cost import group_size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRAWS = 4000
NULL_SHARE = 0.5  # of hypotheses that do nothing, as in knowledge/verdict.py
FACTORIAL = 4.0  # times the variance of a run, over the runs: what a setting that stands in half of them is told with
TENTH = 0.1
POWER = 0.8


def error(c: Campaign, count: int, runs: float) -> float:
    """Return the standard error of what selection tells of one hypothesis, all runs of the phases considered."""
    sd, rows = c.calibrated.sd_of(c.setup.full.name), c.calibrated.row_sd
    each = runs / max(1, count)
    if group_size(c) == 1:
        return sqrt(sd**2 * (1 / max(1.0, each) + 1 / c.policy.calibration_seeds) + rows**2)
    return sqrt(sd**2 * FACTORIAL / runs * max(1.0, count / runs) + rows**2)


def drawn(c: Campaign, hypotheses: Sequence[Hypothesis], runs: float) -> tuple["Floats", "Floats"]:
    """Return the true gains of what is chosen, draw by draw, with the plan's runs and with a tenth more."""
    import numpy as np

    if not hypotheses:
        return np.zeros(DRAWS), np.zeros(DRAWS)
    dice = np.random.default_rng(c.policy.seed + 20_000)
    means = np.array([h.predicted.value for h in hypotheses])
    spreads = np.array([max(LEAST_SPREAD, (h.predicted.high - h.predicted.low) / INTERVAL_80) for h in hypotheses])
    shape = (DRAWS, len(hypotheses))
    true = np.where(dice.random(shape) < NULL_SHARE, 0.0, means + spreads * dice.standard_normal(shape))
    noise, less = (error(c, len(hypotheses), r) for r in (runs, (1 + TENTH) * runs))
    seen = true + noise * dice.standard_normal(shape)
    extra = sqrt(1 / (1 / less**2 - 1 / noise**2)) if less < noise else inf
    again = true + (extra if extra < inf else 0.0) * dice.standard_normal(shape)
    weight = (less / extra) ** 2 if extra < inf else 0.0
    both = (1 - weight) * seen + weight * again
    rivals = _rivals(hypotheses)
    return (
        _chosen(true, _shrunk(seen, noise, means, spreads), rivals),
        _chosen(true, _shrunk(both, less, means, spreads), rivals),
    )


def _shrunk(seen: "Floats", error: float, means: "Floats", spreads: "Floats") -> "Floats":
    kept = spreads**2 / (spreads**2 + error**2)
    return means + kept * (seen - means)


def _chosen(true: "Floats", believed: "Floats", rivals: Sequence[Sequence[int]]) -> "Floats":
    """Return the true effect of the stack of what is believed to help, of rivals the best one."""
    import numpy as np

    total, rows = np.zeros(len(true)), np.arange(len(true))
    for group in rivals:
        best = believed[:, group].argmax(axis=1)
        places = np.asarray(group)[best]
        total += np.where(believed[rows, places] > 0, true[rows, places], 0.0)
    return total


def _rivals(hypotheses: Sequence[Hypothesis]) -> list[list[int]]:
    """Return the hypotheses in sets of which a stack holds at most one, since they turn one lever."""
    sets: list[tuple[set[str], list[int]]] = []
    for place, h in enumerate(hypotheses):
        names = {name for name, _ in h.change.overrides} | {str(p.digest) for p in h.change.patches}
        near = [s for s in sets if s[0] & names]
        merged = (names.union(*(s[0] for s in near)), [*(i for s in near for i in s[1]), place])
        sets = [*(s for s in sets if s not in near), merged]
    return [members for _, members in sets]


def effect(draws: "Floats", of: "Floats | None" = None) -> Effect:
    """Return the mean of draws and the interval that holds 80 % of them, or of those in ``of``."""
    import numpy as np

    told = draws if of is None else of
    low, high = np.quantile(told, (0.1, 0.9)) if len(told) else (0.0, 0.0)
    return Effect(value=float(draws.mean()), low=float(low), high=float(high))


def shown(gains: "Floats", noise: float, detectable: float) -> float:
    """Return the chance that Confirmation, whose standard error is ``noise``, shows what it is handed: ``POWER`` where that is ``detectable``."""
    normal = NormalDist()
    needed = detectable - noise * normal.inv_cdf(POWER)
    return fmean(normal.cdf((gain - needed) / noise) if gain > 0 else 0.0 for gain in gains)
