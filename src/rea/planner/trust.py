"""What each source of hypotheses has been worth so far, and how far its predictions are trusted for that. Pure.

The research source is held to what its catalogue claims today (its predictions were corrected already when they were made: scoring
those would correct them half only); every other source is held to what it predicted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Effect, SourceName
from rea.domain.insight import Insight, Standing
from rea.statistics.calibration import LEVEL, Calibration, calibrate, share_interval

EXPLORATION = "exploration"  # the technique of single levers turned where nothing is known: it predicts nothing
MEASURED_LEVEL = 0.95
SMALLEST_SD = 1e-4
LEAST, MOST = 0.25, 1.5  # what a prediction is multiplied by at the least and at the most

Claims = Mapping[str, Effect]
"""What techniques claim today, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One source's record: of ``tried`` hypotheses so many were supported, refuted, and failed without a measurement."""

    source: str
    tried: int
    supported: int
    refuted: int
    failed: int
    calibration: Calibration

    @property
    def hit_rate(self) -> tuple[float, float, float]:
        """The share that was supported, with its 80 % interval."""
        return (self.supported / self.tried, *share_interval(self.supported, self.tried))


def records(insights: Sequence[Insight], claims: Claims) -> tuple[Record, ...]:
    """Return the record of every source that had a hypothesis tested, exploration apart; stacks and imported runs are no source's."""
    told: dict[str, list[Insight]] = {}
    for insight in insights:
        if _counts(insight):
            told.setdefault(_name(insight), []).append(insight)
    return tuple(_record(name, told[name], claims) for name in sorted(told))


def trust(source: SourceName, insights: Sequence[Insight], claims: Claims) -> Calibration:
    """Return the calibration of a source's predictions; one without a record is taken at its word."""
    return _calibration([i for i in insights if _counts(i) and _name(i) == source], claims)


def trusted(effect: Effect, calibration: Calibration) -> Effect:
    """Return a prediction as far as its source is trusted: scaled by its ratio, as much wider as its intervals were too narrow.

    A source that was wrong throughout is believed little, never to know the contrary: a history that misleads would else turn every claim.
    """
    value = min(max(calibration.ratio, LEAST), MOST) * effect.value
    return Effect(
        value=value,
        low=value - calibration.spread * (effect.value - effect.low),
        high=value + calibration.spread * (effect.high - effect.value),
    )


def _counts(insight: Insight) -> bool:
    return (
        insight.standing is Standing.JUDGED and not insight.untested and insight.predicted.low < insight.predicted.high
    )


def _name(insight: Insight) -> str:
    return EXPLORATION if insight.technique == EXPLORATION else str(insight.source)


def _record(name: str, told: Sequence[Insight], claims: Claims) -> Record:
    return Record(
        source=name,
        tried=len(told),
        supported=sum(i.verdict is Verdict.SUPPORTED for i in told),
        refuted=sum(i.verdict is Verdict.REFUTED for i in told),
        failed=sum(i.measured is None for i in told),
        calibration=_calibration(told, claims),
    )


def _calibration(told: Sequence[Insight], claims: Claims) -> Calibration:
    rows = [(_claimed(i, claims), i.raw or i.measured) for i in told]
    scored = [(p, m) for p, m in rows if m is not None]
    return calibrate(
        [p.value for p, _ in scored],
        [_sd(p, LEVEL) for p, _ in scored],
        [m.value for _, m in scored],
        [_sd(m, MEASURED_LEVEL) for _, m in scored],
    )


def _claimed(insight: Insight, claims: Claims) -> Effect:
    return (
        claims.get(insight.technique, insight.predicted) if insight.source is SourceName.RESEARCH else insight.predicted
    )


def _sd(effect: Effect, level: float) -> float:
    return max((effect.high - effect.low) / 2 / NormalDist().inv_cdf((1 + level) / 2), SMALLEST_SD)
