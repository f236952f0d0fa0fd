"""The outside world, on one page: every way this program touches anything beyond its own values."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from rea.domain.action import ArmPair
from rea.domain.change import Change
from rea.domain.event import Event, Measured, PredictionsRefused, Recorded
from rea.domain.evidence import Comparison, Noise, Rows
from rea.domain.hypothesis import Effect, Hypothesis, Move
from rea.domain.ids import CampaignId, Digest, HypothesisId, JobId
from rea.domain.insight import Insight, Prior, Setting
from rea.domain.job import Job, JobStatus, Launch
from rea.domain.lever import Lever, Scalar
from rea.domain.records import JobRecord
from rea.domain.runbook import EntryVerdict, RunbookEntry
from rea.domain.suggestion import Suggestion
from rea.domain.workload import Workload


class Journal(Protocol):
    """The append-only, hash-chained record of every campaign. Appending a key again is not an error and changes nothing."""

    def campaigns(self) -> Sequence[CampaignId]:
        """Return every campaign, the oldest first."""
        ...

    def read(self, campaign: CampaignId, after: int = 0, most: int | None = None) -> Sequence[Recorded]:
        """Return the events with a sequence number above ``after``, at most ``most`` of them."""
        ...

    def append(self, campaign: CampaignId, events: Sequence[Event], *, expected: int | None = None) -> int:
        """Append and return the journal's new length.

        Raises:
            StaleDecision: ``expected`` is given and is not the journal's length.
            OverBudget: the ledger's CHECK refused a reservation; nothing was written.
        """
        ...


class Snapshot(NamedTuple):
    """What a journal adds up to after event ``seq``, in a form that the fold's version names."""

    seq: int
    payload: bytes


class Snapshots(Protocol):
    """Folded journals, kept to save time. One that is damaged, of other code or of another history is as good as none."""

    def load(self, campaign: CampaignId, version: int) -> Snapshot | None: ...
    def save(self, campaign: CampaignId, seq: int, version: int, payload: bytes) -> None: ...


class JobBackend(Protocol):
    """A place where jobs run. ``submit`` is idempotent on the job's id; a job that cannot be reached is UNKNOWN."""

    def submit(self, launch: Launch) -> str: ...
    def poll(self, jobs: Sequence[JobId]) -> Mapping[JobId, JobStatus]: ...
    def cancel(self, job: JobId) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """What a source of hypotheses is told. ``current`` is the configuration to improve on, ``taken`` what exists already.

    ``left_ms`` is what may still be spent on choosing, in device-milliseconds (None: not known).
    """

    workload: Workload
    setting: Setting
    current: Change
    noise: Noise
    taken: frozenset[HypothesisId]
    round: int
    left_ms: int | None = None


class HypothesisSource(Protocol):
    """Where hypotheses come from, best first."""

    def propose(self, briefing: Briefing, count: int) -> Sequence[Hypothesis]: ...


class Insights(Protocol):
    """What was learnt, over all campaigns. Adding an insight again changes nothing."""

    def add(self, insights: Sequence[Insight]) -> None: ...
    def all(self) -> Sequence[Insight]: ...

    def prior(self, moves: Sequence[Move], setting: Setting, expected: Effect | None = None) -> Prior | None:
        """Return what history says ``moves`` will do in ``setting``, starting from what was ``expected``; None when it says nothing."""
        ...


class Judge(Protocol):
    """Scores predictions against sealed labels, in a process of its own."""

    def measure(self, jobs: Sequence[JobId]) -> Sequence[Measured | PredictionsRefused]: ...
    def compare(self, pairs: Sequence[ArmPair], rows: Rows, guardrails: bool) -> Sequence[Comparison]: ...
    def bound(self, rows: Rows) -> float | None: ...


class Workspace(Protocol):
    """Turns a job into something that can be launched: a plain tree of one commit, the view of the data, an argv."""

    def launch(self, job: Job) -> Launch: ...
    def clean(self, job: JobId) -> None: ...


class LogReader(Protocol):
    """Says what the log of a failed job shows. Never raises; what it says is tried before it is believed."""

    def read(self, record: JobRecord, workload: Workload) -> Suggestion: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A change that was tried in a search, and the relative improvement that it measured (None: it failed)."""

    change: Change
    effect: float | None


class Search(Protocol):
    """A maintained optimiser as a function of history: no state between calls, the same answer for the same seed."""

    def suggest(
        self, levers: Sequence[Lever], start: Mapping[str, Scalar], points: Sequence[Point], count: int, seed: int
    ) -> Sequence[Change]: ...


class Openings(Protocol):
    """How often each test set was opened, over all campaigns."""

    def count(self, data: Digest) -> int: ...


class Standings(Protocol):
    """Whether runbook entries were right, over all campaigns."""

    def verdicts(self, entries: Sequence[Digest]) -> Mapping[Digest, Sequence[EntryVerdict]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside world of one campaign, assembled once by ``rea.app``."""

    journal: Journal
    backend: JobBackend
    sources: Iterable[HypothesisSource]
    insights: Insights
    judge: Judge
    workspace: Workspace
    search: Search
    openings: Openings
    standings: Standings
    notify: Callable[[str, str], None]
    now: Callable[[], float]
    runbook: tuple[RunbookEntry, ...]
    reader: LogReader | None = None  # of failures that nobody knows; without one, first principles stand alone
    elsewhere: Callable[[int], int] = lambda slots: 0  # of so many slots, how many others of the portfolio hold
    directory: Path  # of the campaign: STOP, pending, due, jobs/
