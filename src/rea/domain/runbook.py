"""Known failures and the bounded thing to do about each."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from rea.domain.hypothesis import Move
from rea.domain.ids import CampaignId, Digest, JobId, digest

ENOUGH = 5  # failures that an entry in shadow has to have been right about, and never wrong, before it may act


class Cause(StrEnum):
    """Whose fault a failure is: only ``treatment`` ever counts against a hypothesis."""

    INFRASTRUCTURE = "infrastructure"
    RESOURCES = "resources"
    TREATMENT = "treatment"
    WORKLOAD = "workload"
    UNKNOWN = "unknown"


class Remedy(StrEnum):
    """What may be done without asking a person."""

    RETRY = "retry"
    ADJUST = "adjust"
    DROP = "drop"
    PAUSE = "pause"


class Standing(StrEnum):
    """Whether an entry may act. One in shadow is only recorded with what it would have done, until it has earned trust."""

    SHADOW = "shadow"
    TRUSTED = "trusted"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookEntry:
    """A symptom (a regular expression over the reason and the log's tail), a remedy, and how often it may be used on one replicate.

    ``moves`` is how ADJUST alters the run. ``exact`` says that the adjustment leaves the treatment what it was, ``unless`` names a role whose
    being on (neither 0, none, off, false nor one of ``harmless``) makes it inexact, which marks the treatment as changed. ``then`` is what
    happens at the limit. Where several entries match, the highest ``priority`` wins: first what a backend said for certain, last what a bare
    exit status suggests; what a log says never counts for more than 2. ``own`` says that a user wrote it: its ``standing`` is earned, that of a
    shipped one is proven by the corpus.
    """

    name: str
    symptom: str
    cause: Cause
    remedy: Remedy
    explanation: str
    limit: int = 1
    moves: tuple[Move, ...] = ()
    exact: bool = False
    unless: str = ""
    harmless: tuple[str, ...] = ()
    priority: int = 0
    then: Remedy = Remedy.DROP
    must_match: tuple[str, ...] = ()
    must_not_match: tuple[str, ...] = ()
    own: bool = False
    standing: Standing = Standing.TRUSTED

    @property
    def digest(self) -> Digest:
        """Of what it matches and does: an entry that was altered is another one, and earns its standing anew."""
        return _digest(replace(self, standing=Standing.SHADOW, must_match=(), must_not_match=()))


@lru_cache(maxsize=256)
def _digest(entry: RunbookEntry) -> Digest:
    return digest("entry", entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowCall:
    """What an entry in shadow would have done about a failed job. ``agrees`` is what the truth later said, None while it is not known."""

    entry: Digest
    name: str
    job: JobId
    replicate: str
    cause: Cause
    remedy: Remedy
    reason: str
    agrees: bool | None = None
    evidence: str = ""

    @property
    def key(self) -> str:
        """One failing replicate says one thing about an entry, however often it was attempted."""
        return f"{self.entry}:{self.replicate}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryVerdict:
    """Whether an entry was right about one replicate of one campaign."""

    campaign: CampaignId
    replicate: str
    agrees: bool


def standing_of(verdicts: Iterable[EntryVerdict]) -> Standing:
    """Return what verdicts from all campaigns add up to, in whatever order: ``ENOUGH`` times right and never wrong is trusted."""
    every = tuple(verdicts)
    right = {(v.campaign, v.replicate) for v in every if v.agrees}
    return Standing.TRUSTED if len(right) >= ENOUGH and all(v.agrees for v in every) else Standing.SHADOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What was decided about one failed job, by which entry, and why."""

    entry: str
    cause: Cause
    remedy: Remedy
    reason: str
    moves: tuple[Move, ...] = ()
    changed: bool = False  # the treatment is no longer exactly what the hypothesis said
