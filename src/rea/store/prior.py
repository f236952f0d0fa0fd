"""What earlier experiments say of a move here: pooled over campaigns, models and data sets, discounted by age and standing, shrunk.

An insight speaks of a move when it is about equal moves, or about similar ones (same roles, turned the same way). Its effect is the sum of what
the move does anywhere, of what is particular to a data set, a model, a place (both together), a campaign and a size of the move, and of noise
(``statistics/hierarchy.py``); ``SDS`` says how much of each is expected beforehand, on the scale of relative improvement. What failed says nothing
of the effect; it is counted apart, as a risk.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import sqrt
from statistics import NormalDist, median

from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Effect, Move
from rea.domain.insight import Insight, Prior, Setting, Standing
from rea.statistics.hierarchy import Belief, Labels, Pooled, pool
from rea.statistics.pooling import p_alike, random_effects
from rea.store.likeness import equal, similar

PRIOR_SD = 0.01
"""How large effects of single moves are, before anything is known of them: most published ones are below one per cent."""

SDS = (PRIOR_SD, 0.004, 0.006, 0.003, 0.002, 0.005)
"""Of the move anywhere; particular to a data set, a model, a place, a campaign, a size of the move."""
PLACES = slice(1, 4)  # of SDS: what differs between places
HERE = SDS[:-1]  # what the effect of moves of just this size is made of, in one campaign
NARROWEST = 0.3  # of SDS: a narrower expectation is not believed

HALF_LIFE_DAYS = 365.0
"""An insight so old weighs half as much in the pooled mean as a fresh one; after another such time a quarter."""
CLAIMED = 0.25
"""What a figure weighs that another tool reported and no judge scored, in shares of a judged one."""

DOUBT = 0.4
"""The chance that what was learnt in other places only says nothing here: then what was expected before holds (as in robust
meta-analytic-predictive priors, Schmidli et al. 2014)."""

MEASURED_LEVEL = 0.95
PREDICTED_LEVEL = 0.80
SMALLEST_SD = 1e-4
HETEROGENEOUS = 0.1  # p-value of "all places are alike" below which they are taken to differ

NOTHING = Effect(value=0.0, low=0.0, high=0.0)


def prior_from(
    insights: Sequence[Insight], moves: Sequence[Move], setting: Setting, expected: Effect | None = None, at: str = ""
) -> Prior | None:
    """Return what ``insights`` say of ``moves`` in ``setting``, with 80 % intervals; None when they say nothing.

    ``expected`` is the effect (an 80 % interval) believed before any of them, no effect if not given; ``at`` is now, the newest insight's time
    if not given.
    """
    speaking = [i for i in insights if not i.untested and (equal(i.moves, moves) or similar(i.moves, moves))]
    if not speaking:
        return None
    measured = [i for i in speaking if i.measured is not None]
    now = at or max(i.at for i in speaking)
    believed = Belief(expected.value, _sd(expected, PREDICTED_LEVEL)) if expected else Belief(0.0, _rss(HERE))
    counted = Prior(
        effect=_effect(believed),
        support=sum(i.verdict is Verdict.SUPPORTED for i in speaking),
        against=sum(i.verdict in (Verdict.REFUTED, Verdict.DROPPED) for i in speaking),
        evidence=tuple(i.id for i in speaking),
        failures=len(speaking) - len(measured),
        age_days=median(age_days(i.at, now) for i in speaking),
    )
    return _pooled(counted, measured, moves, setting, believed, now) if measured else counted


def _pooled(
    counted: Prior, measured: Sequence[Insight], moves: Sequence[Move], setting: Setting, believed: Belief, now: str
) -> Prior:
    scale = max(believed.sd / _rss(HERE), NARROWEST)
    sds = tuple(scale * sd for sd in SDS)
    pooled = pool(
        [_value(i) - believed.mean for i in measured],
        [_variance(i, now, _rss(sds[1:])) for i in measured],
        [_labels(i, moves) for i in measured],
        sds,
        _place(setting, "", ASKED),
    )
    common = Belief(believed.mean + pooled.common.mean, pooled.common.sd)
    here = Belief(believed.mean + pooled.here.mean, pooled.here.sd)
    known_here = setting in {i.setting for i in measured}
    return Prior(
        effect=_effect(here if known_here else _mixed(here, believed, DOUBT)),
        support=counted.support,
        against=counted.against,
        evidence=counted.evidence,
        pooled=_effect(common),
        measured=len(measured),
        failures=counted.failures,
        claimed=sum(i.standing is Standing.CLAIMED for i in measured),
        shared=sum(i.standing is Standing.SHARED for i in measured),
        settings=len({i.setting for i in measured}),
        campaigns=len({i.campaign for i in measured}),
        age_days=counted.age_days,
        between=pooled.between(PLACES),
        transfers=known_here or _transfers(pooled, common, measured),
    )


def _mixed(first: Belief, second: Belief, share: float) -> Belief:
    """Return the normal with the moments of a mixture, of which ``second`` is ``share``."""
    mean = (1 - share) * first.mean + share * second.mean
    apart = share * (1 - share) * (first.mean - second.mean) ** 2
    return Belief(mean, sqrt((1 - share) * first.sd**2 + share * second.sd**2 + apart))


def _transfers(pooled: Pooled, common: Belief, measured: Sequence[Insight]) -> bool:
    """Whether the mean effect is larger than what places differ by; undecided counts as yes."""
    if pooled.between(PLACES) <= abs(common.mean):
        return True
    places = {i.setting: [j for j in measured if j.setting == i.setting] for i in measured}
    means = [random_effects([_value(i) for i in told], [_error(i) for i in told]).mean for told in places.values()]
    return p_alike([m.effect for m in means], [m.se for m in means]) > HETEROGENEOUS


ASKED = "asked"  # the size of the moves that are asked about


def _labels(insight: Insight, moves: Sequence[Move]) -> Labels:
    size = ASKED if equal(insight.moves, moves) else " ".join(sorted(map(str, insight.moves)))
    return _place(insight.setting, insight.campaign, size)


def _place(setting: Setting, campaign: str, size: str) -> Labels:
    """Return the labels of a place. A campaign's own part is never that of the one that asks, which is new."""
    return ("", setting.data, setting.model, f"{setting.workload}|{setting.model}|{setting.data}", campaign, size)


def age_days(then: str, now: str) -> float:
    """Return the whole days between two times as ISO 8601 writes them, none if ``then`` is later or either is no time.

    Whole ones, so that what is asked twice in one day is answered alike.
    """
    try:
        first, last = (datetime.fromisoformat(x) for x in (then, now))
    except ValueError:
        return 0.0
    zoned = [x if x.tzinfo else x.replace(tzinfo=UTC) for x in (first, last)]
    return float(max((zoned[1] - zoned[0]).days, 0))


def _variance(insight: Insight, now: str, apart: float) -> float:
    """Return the variance of an insight's noise, raised so that it weighs as much less as its age and standing ask, where places are ``apart``."""
    weight: float = 0.5 ** (age_days(insight.at, now) / HALF_LIFE_DAYS)
    weight *= CLAIMED if insight.standing is Standing.CLAIMED else 1.0
    return (_error(insight) ** 2 + apart**2) / max(weight, 1e-9) - apart**2


def _value(insight: Insight) -> float:
    return _estimate(insight).value


def _error(insight: Insight) -> float:
    return max(_sd(_estimate(insight), MEASURED_LEVEL), SMALLEST_SD)


def _estimate(insight: Insight) -> Effect:
    return insight.raw or insight.measured or NOTHING


def _rss(sds: Sequence[float]) -> float:
    return sqrt(sum(sd**2 for sd in sds))


def _sd(effect: Effect, level: float) -> float:
    return (effect.high - effect.low) / 2 / _z(level)


def _effect(believed: Belief) -> Effect:
    half = _z(PREDICTED_LEVEL) * believed.sd
    return Effect(value=believed.mean, low=believed.mean - half, high=believed.mean + half)


def _z(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)
