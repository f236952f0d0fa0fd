"""What was measured, how arms compare, and what is concluded."""

from dataclasses import dataclass
from enum import StrEnum

from rea.domain.experiment import Phase
from rea.domain.hypothesis import Aim, Effect
from rea.domain.ids import Digest, ExperimentId, HypothesisId, JobId


class Rows(StrEnum):
    """Which sealed rows a number was computed on: ``judge`` rows select, ``test`` rows only confirm."""

    JUDGE = "judge"
    TEST = "test"


class SealLevel(StrEnum):
    """Who keeps the labels from the jobs: a sandbox, the hand-over alone (same user could read them), or nobody."""

    ENFORCED = "enforced"
    HANDED_OVER = "handed_over"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One metric of one job's predictions on sealed rows. ``slice`` is ``column=value`` or empty for all rows."""

    metric: str
    value: float
    rows: int
    slice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two arms on the same rows: everything an interval needs, and nothing decided.

    ``effect`` is the relative improvement of the mean over seeds (positive = better), ``row_variance`` the variance of ``effect`` that comes
    from rows (by blocks where rows hang together), ``seeds`` and ``baseline_seeds`` the single runs' values on the scale of relative
    improvement over the baseline's mean, so that their spread is the seed noise. ``value`` and ``baseline_value`` are the metric itself, meaned over
    seeds, and ``value_variance`` the variance of ``value`` that comes from rows. Calibration has no better or worse: its ``effect`` is the
    reduction of ``|log(mean prediction / mean label)|``.
    """

    experiment: ExperimentId
    baseline: ExperimentId
    metric: str
    rows: Rows
    effect: float
    row_variance: float
    seeds: tuple[float, ...]
    baseline_seeds: tuple[float, ...]
    row_count: int
    value: float
    baseline_value: float
    value_variance: float
    jobs: tuple[JobId, ...]
    slice: str = ""
    baseline_jobs: tuple[JobId, ...] = ()
    bound: float | None = None  # the best that could be scored on these rows, where it is known


class Verdict(StrEnum):
    """What may be said of a hypothesis. Inconclusive is a normal answer."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    DROPPED = "dropped"  # could not be tested: it failed, or was cut by the budget


class Flag(StrEnum):
    """What an engineer should know beside a verdict."""

    PROMISING = "promising"  # one seed only, or an interval that just includes zero
    SELECTED = "selected"  # the effect was used to choose, so it is shrunk and still optimistic
    TOO_GOOD = "too_good_to_be_true"
    TREATMENT_CHANGED = "treatment_changed"  # a remedy altered what was tested
    DEARER = "dearer_than_said"  # training surely costs more than was said of it, beyond what guesses are off
    COST_NOT_SHOWN = (
        "cost_not_shown"  # of a patch that is confirmed: that it trains no longer than was said is not shown
    )
    UNTESTED = "untested"  # infrastructure failed; says nothing about the idea


class Safety(StrEnum):
    """What the interval says of a guardrail's margin."""

    SAFE = "safe"
    VIOLATED = "violated"
    NOT_SHOWN_SAFE = "not_shown_safe"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailResult:
    """One guardrail asked of one arm: ``safe``, ``violated`` or ``not_shown_safe`` with the interval that says so."""

    guardrail: str
    outcome: Safety
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A verdict on one experiment. ``raw`` is the measured effect, ``effect`` the one corrected for selection."""

    experiment: ExperimentId
    hypotheses: tuple[HypothesisId, ...]
    phase: Phase
    verdict: Verdict
    effect: Effect
    raw: float
    seeds: int
    fidelity: str
    aim: Aim = Aim.QUALITY
    cost: Effect | None = None  # relative change of device-seconds; negative = cheaper
    p_value: float | None = None
    flags: tuple[Flag, ...] = ()
    guardrails: tuple[GuardrailResult, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What calibration found. Standard deviations are on the scale of relative improvement; costs are device-milliseconds a job."""

    seed_sd: tuple[tuple[str, float], ...]  # by fidelity
    degrees_of_freedom: int
    row_sd: float
    cost_ms: tuple[tuple[str, int], ...]  # by fidelity, the whole way from scratch
    hold_ms: int  # what is held for one full run from now on: its worst case
    baseline: float  # mean primary metric at full fidelity on the judge rows
    detectable: float  # smallest relative effect that the granted budget can detect with 80 % power
    bound: float | None = None  # best reachable primary metric on the judge rows, or best known

    def cost_of(self, fidelity: str) -> int:
        return dict(self.cost_ms)[fidelity]

    def sd_of(self, fidelity: str) -> float:
        return dict(self.seed_sd)[fidelity]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOpening:
    """One opening of sealed test rows, counted per data fingerprint across campaigns."""

    data: Digest
    number: int
    alpha: float
