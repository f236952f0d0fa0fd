"""What failed, by the runbook, and the bounded thing to do about it. Pure.

The evidence is the end of the log followed by one line of ours, ``failed: exit 1`` or ``lost: no exit was recorded``, which the log cannot imitate
because a symptom anchors it to the very end (``\\Z``).
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from rea.domain.campaign import JobRecord
from rea.domain.change import BASELINE, Change
from rea.domain.experiment import Purpose
from rea.domain.job import Job, JobState, JobStatus
from rea.domain.runbook import Cause, Remedy, RunbookEntry, Treatment
from rea.domain.workload import Workload
from rea.executor.ending import ending
from rea.executor.moves import apply, is_on, touches

TAIL = 8192  # characters of the log that count as evidence
LOUDEST = 2  # priority of what a log says
MOST_TREATMENTS = 6  # of one replicate, whichever entries prescribe them
UNKNOWN = "unknown"
FIRST_LAUNCHES = 3
IN_A_ROW = 5

AGAIN = (Remedy.RETRY, Remedy.ADJUST)
_NOT_THE_TREATMENT = (Cause.INFRASTRUCTURE, Cause.WORKLOAD, Cause.UNKNOWN)


def evidence(status: JobStatus) -> str:
    """Return the text that symptoms are looked for in: what the log's end may be blamed on, and what the backend said."""
    return f"{ending(status.log_tail[-TAIL:]).rstrip()}\n{status.state}: {' '.join(status.reason.split())}"


def classify(runbook: Sequence[RunbookEntry], status: JobStatus) -> RunbookEntry | None:
    """Return the entry that explains a failure: highest priority first, then the symptom seen last. None: no entry knows it.

    A priority above ``LOUDEST`` is that of a backend's word; the same entry's symptoms in the log have no more than this.
    """
    if status.state not in (JobState.FAILED, JobState.LOST):
        return None
    text = evidence(status)
    seen = [(_rank(entry, place, text), place, entry.name, entry) for entry in runbook if (place := _last(entry, text))]
    return max(seen, key=lambda found: found[:3])[3] if seen else None


def treat(
    job: Job, status: JobStatus, runbook: Sequence[RunbookEntry], history: Sequence[Treatment], workload: Workload
) -> Treatment:
    """Decide about one failed job; ``history`` is what was decided about earlier attempts at the same replicate."""
    entry = classify(runbook, status)
    if entry is None:
        return _unknown(job, status, history)
    if entry.remedy not in AGAIN:
        return _decided(entry, entry.remedy, entry.explanation)
    if len(history) >= MOST_TREATMENTS:
        return _decided(
            entry, entry.then, f"{entry.explanation}; {len(history)} attempts failed before, for various reasons"
        )
    used = sum(t.entry == entry.name and t.remedy in AGAIN for t in history)
    if used >= entry.limit:
        return _decided(entry, entry.then, f"{entry.explanation}; still so after {used} x {entry.remedy}")
    if entry.remedy is Remedy.ADJUST:
        return _adjusted(entry, job, history, workload)
    changed = any(t.changed for t in history)
    return _decided(
        entry, Remedy.RETRY, f"{entry.explanation}; once more ({used + 1} of {entry.limit})", changed=changed
    )


def adjustment(job: Job, treatment: Treatment, workload: Workload) -> Change:
    """Return what ``treatment`` sets in the next attempt, from the values that ``job`` ran with."""
    return apply(treatment.moves, job, workload)


def storm(records: Sequence[JobRecord]) -> str:
    """Return why launching should stop, or "": jobs keep failing for reasons that lie in no treatment.

    ``records`` are the campaign's jobs in order of ending, since it was last resumed; those that are not treated yet don't count.
    """
    mine = [r for r in records if r.job.purpose is not Purpose.DIAGNOSE or r.state is JobState.SUCCEEDED]
    known = [r for r in mine if r.treatment is not None or (r.state is JobState.SUCCEEDED and not r.refused)]
    failing = [r.treatment is not None and r.treatment.cause in _NOT_THE_TREATMENT for r in known]
    if len(known) >= FIRST_LAUNCHES and all(failing):
        return f"the first {len(known)} jobs all failed, none for its treatment: {_causes(known)}"
    if len(known) >= IN_A_ROW and all(failing[-IN_A_ROW:]):
        return f"{IN_A_ROW} jobs in a row failed, none for its treatment: {_causes(known[-IN_A_ROW:])}"
    return ""


@lru_cache(maxsize=512)
def _compiled(symptom: str) -> re.Pattern[str]:
    return re.compile(symptom, re.MULTILINE)


def _last(entry: RunbookEntry, text: str) -> int:
    """Return where the last match ends; 0 without one, as no symptom matches the empty text."""
    return max((match.end() for match in _compiled(entry.symptom).finditer(text)), default=0)


def _rank(entry: RunbookEntry, place: int, text: str) -> int:
    return entry.priority if place > text.rindex("\n") else min(entry.priority, LOUDEST)


def _unknown(job: Job, status: JobStatus, history: Sequence[Treatment]) -> Treatment:
    """Try once more in case it passes; what stays unknown needs a person, at once where it is the baseline that fails."""
    told = f"{status.state} ({status.reason or 'no reason given'}), and no entry of the runbook knows why"
    changed = any(t.changed for t in history)
    if len(history) < MOST_TREATMENTS and not any(t.entry == UNKNOWN for t in history):
        return _verdict(Remedy.RETRY, f"{told}; once more", changed)
    return _verdict(
        Remedy.PAUSE if job.change == BASELINE else Remedy.DROP, f"{told}; a person has to read its log", False
    )


def _verdict(remedy: Remedy, reason: str, changed: bool) -> Treatment:
    return Treatment(entry=UNKNOWN, cause=Cause.UNKNOWN, remedy=remedy, reason=reason, changed=changed)


def _decided(entry: RunbookEntry, remedy: Remedy, reason: str, *, changed: bool = False) -> Treatment:
    return Treatment(entry=entry.name, cause=entry.cause, remedy=remedy, reason=reason, changed=changed)


def _adjusted(entry: RunbookEntry, job: Job, history: Sequence[Treatment], workload: Workload) -> Treatment:
    """Adjust, beside what the hypothesis sets where that is possible; give up where no lever can be turned any further."""
    usable = tuple(move for move in entry.moves if apply((move,), job, workload) != BASELINE)
    beside = tuple(move for move in usable if not touches(move, job, workload))
    moves = beside or usable
    if not moves:
        roles = ", ".join(move.role for move in entry.moves)
        return _decided(entry, entry.then, f"{entry.explanation}; no lever for {roles} can be turned further")
    exact = entry.exact and bool(beside) and not is_on(entry.unless, entry.harmless, job, workload)
    return Treatment(
        entry=entry.name,
        cause=entry.cause,
        remedy=Remedy.ADJUST,
        reason=f"{entry.explanation}; next with {apply(moves, job, workload)}",
        moves=moves,
        changed=not exact or any(t.changed for t in history),
    )


def _causes(records: Sequence[JobRecord]) -> str:
    names = [record.treatment.entry for record in records if record.treatment is not None]
    return ", ".join(f"{names.count(name)} x {name}" for name in dict.fromkeys(names))
