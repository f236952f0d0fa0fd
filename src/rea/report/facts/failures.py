"""What failed, what was done about it, what came of it, and whether it counted against an idea."""

from dataclasses import dataclass

from rea.domain.campaign import Campaign, JobRecord
from rea.domain.job import JobState
from rea.domain.runbook import Cause, ShadowCall, Treatment
from rea.report.foreign import excerpt, line


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """One job that failed, was lost, or whose predictions the judge refused."""

    job: str
    change: str
    state: str
    reason: str
    entry: str
    cause: str
    remedy: str
    why: str
    outcome: str
    counts: bool
    cost_ms: int
    log: str
    shadow: tuple[str, ...] = ()


def failures(c: Campaign) -> tuple[Failed, ...]:
    """Return every job that failed, in the order of launch."""
    return tuple(_failed(c, r) for r in c.jobs.values() if r.failed)


def set_aside(c: Campaign) -> tuple[str, ...]:
    """Return, for each time that a node was set aside, which and why."""
    return tuple(f"{line(node)}: {line(why)}" for node, record in c.nodes.items() for why in record.told)


def cancelled(c: Campaign) -> int:
    """Return how many jobs were cancelled."""
    return sum(1 for r in c.jobs.values() if r.state is JobState.CANCELLED)


def _failed(c: Campaign, r: JobRecord) -> Failed:
    t = r.treatment
    return Failed(
        job=r.job.id,
        change=line(str(r.job.change)),
        state="refused" if r.refused else str(r.state),
        reason=line(r.refused or (r.status.reason if r.status else "")),
        entry=line(t.entry) if t else "not treated yet",
        cause=str(t.cause) if t else "",
        remedy=_remedy(t) if t else "",
        why=line(t.reason) if t else "",
        outcome=_outcome(c, r),
        counts=t is not None and t.cause is Cause.TREATMENT,
        cost_ms=r.cost_ms,
        log=excerpt(r.status.log_tail if r.status else ""),
        shadow=in_shadow(c, r),
    )


def in_shadow(c: Campaign, r: JobRecord) -> tuple[str, ...]:
    """Return what entries in shadow would have done about a job, and whether they were right."""
    return tuple(_call(call) for call in c.shadows.values() if call.job == r.job.id)


def _call(call: ShadowCall) -> str:
    word = {None: "the truth is not known yet", True: "right", False: "wrong"}[call.agrees]
    because = f" ({line(call.evidence)})" if call.evidence else ""
    return f"in shadow {line(call.name)}: {call.cause}, would {call.remedy}; {word}{because}"


def _remedy(t: Treatment) -> str:
    moves = f" ({line(', '.join(str(m) for m in t.moves))})" if t.moves else ""
    changed = "; the treatment is no longer exactly what was asked" if t.changed else ""
    return f"{t.remedy}{moves}{changed}"


def _outcome(c: Campaign, r: JobRecord) -> str:
    attempts = c.attempts.get(r.job.replicate.key, ())
    later = attempts[attempts.index(r.job.id) + 1 :] if r.job.id in attempts else ()
    if later:
        last = c.jobs[later[-1]]
        return f"attempt {len(attempts)} {'refused' if last.refused else last.state}"
    if r.job.experiment in c.dropped:
        return f"dropped: {line(c.dropped[r.job.experiment])}"
    return "no further attempt"
