"""What the judge is asked and what it answers, as it travels between processes."""

from dataclasses import dataclass

from rea.domain.action import ArmPair
from rea.domain.event import Measured, PredictionsRefused
from rea.domain.evidence import Comparison, Rows
from rea.domain.experiment import Purpose
from rea.domain.ids import Digest, JobId
from rea.domain.workload import Bound, Guardrail, MetricName


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to judge by: the workload as far as the judge needs it."""

    campaign: str
    predictions: str
    claims: str
    row_id: str
    primary: MetricName
    guardrails: tuple[Guardrail, ...] = ()
    bound: Bound | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A job to measure; ``change`` is the digest of its treatment."""

    job: JobId
    seed: int
    change: Digest
    purpose: Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    pairs: tuple[ArmPair, ...]
    rows: Rows
    guardrails: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One of three: measure these runs, compare arms, or tell the bound on some rows."""

    question: Question
    measure: tuple[Run, ...] = ()
    compare: Comparing | None = None
    bound: Rows | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error of ours, by the name of its class."""

    kind: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    measured: tuple[Measured, ...] = ()
    refused: tuple[PredictionsRefused, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    bound: float | None = None
    failure: Failure | None = None
