"""What the agent may do to the world, what it observes of it, and what it decided. Every action is safe to repeat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rea.domain.event import Event
from rea.domain.evidence import Rows
from rea.domain.ids import Digest, ExperimentId, JobId
from rea.domain.job import Job, JobStatus
from rea.domain.runbook import EntryVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose:
    """Ask every source for hypotheses."""

    round: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    job: Job
    avoid: tuple[str, ...] = ()  # nodes that are set aside


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    job: JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Let the judge read what ended jobs left behind."""

    jobs: tuple[JobId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPair:
    """One arm against the baseline, by the jobs that stand for each."""

    experiment: ExperimentId
    jobs: tuple[JobId, ...]
    baseline: ExperimentId
    baseline_jobs: tuple[JobId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """Let the judge compare arms; guardrail metrics and slices come along where ``guardrails`` is set."""

    pairs: tuple[ArmPair, ...]
    rows: Rows = Rows.JUDGE
    guardrails: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggest:
    """Ask the search for ``count`` further points around the best change so far."""

    round: int
    batch: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Distil:
    """Turn findings into insights and keep them where later campaigns look: all that are not kept yet, or a ``batch`` of them, from 1, without the
    finalists'."""

    batch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLog:
    """Ask the reader of logs about a failure whose diagnosis has ended."""

    job: JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteTrial:
    """Record how a suggested remedy did in ``rerun``, and keep the candidate for the runbook where it held."""

    job: JobId
    rerun: JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    kind: str
    subject: str
    text: str


Action = Propose | Submit | Cancel | Measure | Compare | Suggest | Distil | ReadLog | NoteTrial | Notify


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What is true in the world now. ``now`` is seconds since the epoch."""

    now: float
    jobs: Mapping[JobId, JobStatus] = field(default_factory=dict)
    stop_file: bool = False
    openings: int = 0  # of this data's test rows, over all campaigns
    entries: Mapping[Digest, Sequence[EntryVerdict]] = field(default_factory=dict)  # own ones, over all campaigns
    reads: bool = False  # whether there is a reader of logs
    elsewhere: int = 0  # slots of this campaign that other members of its portfolio hold


@dataclass(frozen=True, slots=True)
class Decision:
    """Conclusions to record and actions to take. Actions follow only from what is recorded already."""

    events: tuple[Event, ...] = ()
    actions: tuple[Action, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.events or self.actions)

    def __add__(self, other: "Decision") -> "Decision":
        return Decision(self.events + other.events, self.actions + other.actions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """When to look again at the latest (None: only when something happens), and what is waited for."""

    next_at: float | None
    waiting_for: str
