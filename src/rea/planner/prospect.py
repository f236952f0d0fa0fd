"""What one more device-hour of a campaign is expected to bring: what a common budget is dealt by. Pure."""

from math import erf, exp, pi, sqrt

from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE
from rea.domain.experiment import Phase
from rea.domain.ids import digest
from rea.planner.belief import Belief
from rea.planner.cost import full_ms
from rea.planner.screening import belief, candidates, further_looks, improvement, looks, price
from rea.planner.worth import expected_improvement

HOUR_MS = 3_600_000


def prospect(c: Campaign) -> float:
    """Return by how much one more full run is expected to raise the best belief, at its price, as relative improvement per device-hour.

    It is the measure by which the planner chooses its own next run. An idea that is not thought of yet counts as what the campaign has learnt an
    unseen setting is worth here, as long as its sources still had ideas. Before anything was compared, predictions stand in.
    """
    runs = HOUR_MS / full_ms(c)
    now = belief(c)
    if now is None:
        return max((expected_improvement(h.predicted) / h.cost for h in c.hypotheses.values()), default=0.0) * runs
    return c.once("prospect", lambda: max(_known(c, now), _unseen(c, now)) * runs)


def best_believed(c: Campaign) -> float:
    """Return the relative improvement that is believed of the best change that ran in full, 0 where nothing did better than the baseline."""
    now = belief(c)
    return 0.0 if now is None else max(0.0, float(now.of(now.design.changes)[0].max()))


def _known(c: Campaign, now: Belief) -> float:
    """Return what the best candidate among what is thought of promises for one run of it."""
    seen = list(dict.fromkeys(now.design.changes))
    wanted = list(candidates(c, now, seen, digest("prospect", c.policy.seed, len(seen))))
    if not wanted:
        return 0.0
    had = looks(c)
    gains = improvement(now, wanted, best_believed(c), now.design.typical)
    open_ = ((g, x) for g, x in zip(gains, wanted, strict=True) if further_looks(had.get(x, 0)))
    return max((gain / price(c, change) for gain, change in open_ if change != BASELINE), default=0.0)


def _unseen(c: Campaign, now: Belief) -> float:
    """Return what an idea nobody had yet promises for one run, on top of the best; nothing where the last round brought none."""
    latest = c.phase(c.round, Phase.VALIDATION)
    if latest is None or not latest.experiments:
        return 0.0
    moved = now.scale**2 / sqrt(now.scale**2 + now.design.typical**2)
    ahead = now.harm * now.scale / moved
    density, below = exp(-(ahead**2) / 2) / sqrt(2 * pi), (1 + erf(ahead / sqrt(2))) / 2
    return moved * (ahead * below + density)
