"""What the cost model has learnt: how far runs of earlier campaigns, and of this one, lay off what was expected of them. Pure."""

from collections.abc import Sequence
from math import log

from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE
from rea.domain.insight import Insight, Standing
from rea.domain.plan import CostError
from rea.planner.arms import measured
from rea.statistics.costs import learn


def past_costs(insights: Sequence[Insight], c: Campaign) -> CostError:
    """Return how far the runs of campaigns before this one lay off their prices: of the same workload, where it has a past, else of all."""
    before = (i for i in insights if i.campaign != c.id and i.at < c.opened_at)
    known = [i for i in before if i.standing is Standing.JUDGED and i.expected_ms and i.run_ms]
    own = [i for i in known if i.setting.workload == c.setup.name]
    ratios: dict[str, list[float]] = {}
    for insight in own or known:
        ratios.setdefault(insight.campaign, []).append(log(insight.run_ms / insight.expected_ms))
    return learn(ratios)


def off_by(c: Campaign) -> dict[str, float]:
    """Return measured over expected cost of a run, by experiment of this campaign, the baseline aside."""
    found: dict[str, float] = {}
    for e in c.experiments.values():
        jobs = measured(c, e.id) if e.change != BASELINE else ()
        if c.noise is not None and jobs and e.fidelity in dict(c.noise.cost_ms):
            mean = sum(c.run_cost_ms(job) for job in jobs) / len(jobs)
            found[e.id] = max(mean, 1.0) / c.expected_ms(e)
    return found
