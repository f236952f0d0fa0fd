"""Known failures and the bounded thing to do about each."""

from dataclasses import dataclass
from enum import StrEnum

from rea.domain.hypothesis import Move


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookEntry:
    """A symptom (a regular expression over the reason and the log's tail), a remedy, and how often it may be used on one replicate.

    ``moves`` is how ADJUST alters the run. ``exact`` says that the adjustment leaves the treatment what it was, ``unless`` names a role whose
    being on (neither 0, none, off, false nor one of ``harmless``) makes it inexact, which marks the treatment as changed. ``then`` is what
    happens at the limit. Where several entries match, the highest ``priority`` wins: first what a backend said for certain, last what a bare
    exit status suggests; what a log says never counts for more than 2.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What was decided about one failed job, by which entry, and why."""

    entry: str
    cause: Cause
    remedy: Remedy
    reason: str
    moves: tuple[Move, ...] = ()
    changed: bool = False  # the treatment is no longer exactly what the hypothesis said
