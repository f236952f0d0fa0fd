"""A user's own runbook entries: which may act, what the others would have done, and what the truth later says of them. Pure.

Autonomy is gained only by an approval: a plan names the runbook with the standing of each entry, and one that rises later acts under the next plan.
It is lost at once.
"""

from collections.abc import Sequence
from itertools import chain

from rea.domain.action import Observed
from rea.domain.campaign import Campaign
from rea.domain.diagnosis import Fault
from rea.domain.event import EntryJudged, EntryShadowed, EntryStanding, Event, RunbookBound
from rea.domain.ids import Digest
from rea.domain.job import Job, JobStatus
from rea.domain.runbook import Cause, Remedy, RunbookEntry, ShadowCall, Standing, Treatment, standing_of
from rea.executor.failures import AGAIN, classify, treat

_MINE = (Cause.TREATMENT, Cause.RESOURCES)
_NOT_MINE = (Cause.INFRASTRUCTURE, Cause.WORKLOAD)
_RIGHT = {Fault.CHANGE: _MINE, Fault.ENVIRONMENT: _NOT_MINE}
_WRONG = {Fault.CHANGE: _NOT_MINE, Fault.ENVIRONMENT: (Cause.TREATMENT,)}  # a machine may be too small for the baseline


def trusted(c: Campaign, runbook: Sequence[RunbookEntry]) -> tuple[RunbookEntry, ...]:
    """Return the entries that may act: those shipped, and the user's own that the approved plan binds as trusted and that did not fall since."""
    named = c.bound.get(c.plan.runbook, ()) if c.plan is not None and c.approved else ()
    may = {digest for _, digest in named if c.standings.get(digest) is not Standing.SHADOW}
    return tuple(e for e in runbook if not e.own or (e.standing is Standing.TRUSTED and e.digest in may))


def binding(runbook: Sequence[RunbookEntry], digest: Digest) -> tuple[Event, ...]:
    """Return what a plan that names ``digest`` lets a user's own entries do; nothing where there are none."""
    own = [e for e in runbook if e.own]
    of = {s: tuple((e.name, e.digest) for e in own if e.standing is s) for s in Standing}
    return (RunbookBound(runbook=digest, trusted=of[Standing.TRUSTED], shadow=of[Standing.SHADOW]),) if own else ()


def calls(
    c: Campaign, job: Job, status: JobStatus, runbook: Sequence[RunbookEntry], history: Sequence[Treatment]
) -> tuple[Event, ...]:
    """Return what each entry in shadow that knows this failure best would have done about it."""
    if not any(e.own for e in runbook):
        return ()
    acting = trusted(c, runbook)
    rest = [e for e in runbook if e.own and e not in acting]
    return tuple(
        EntryShadowed(call=_call(entry, job, treat(job, status, (*acting, entry), history, c.setup)))
        for entry in rest
        if classify((*acting, entry), status) is entry
    )


def step(c: Campaign, observed: Observed, runbook: Sequence[RunbookEntry]) -> tuple[Event, ...]:
    """Return what became known about entries: first each verdict, then who rises or falls by it."""
    judged = tuple(_judged(call, *truth) for call in c.shadows.values() if (truth := _truth(c, call)) is not None)
    return judged or tuple(chain.from_iterable(standing(c, observed, entry) for entry in runbook if entry.own))


def given_up(job: Job, treatment: Treatment, runbook: Sequence[RunbookEntry]) -> tuple[Event, ...]:
    """Return that an own entry was wrong, where what it prescribed was done as often as it may and did not help."""
    entry = next((e for e in runbook if e.own and e.name == treatment.entry), None)
    if entry is None or entry.remedy not in AGAIN or treatment.remedy in AGAIN:
        return ()
    evidence = f"{job.id}: {treatment.reason}"
    return (
        EntryJudged(entry=entry.digest, name=entry.name, replicate=job.replicate.key, agrees=False, evidence=evidence),
    )


def _call(entry: RunbookEntry, job: Job, t: Treatment) -> ShadowCall:
    return ShadowCall(
        entry=entry.digest,
        name=entry.name,
        job=job.id,
        replicate=job.replicate.key,
        cause=entry.cause,
        remedy=t.remedy,
        reason=t.reason,
    )


def _judged(call: ShadowCall, agrees: bool, evidence: str) -> EntryJudged:
    return EntryJudged(entry=call.entry, name=call.name, replicate=call.replicate, agrees=agrees, evidence=evidence)


def _truth(c: Campaign, call: ShadowCall) -> tuple[bool, str] | None:
    """Return whether a call was right and what shows it: the same run that succeeded when repeated, or a diagnosis. None: not known."""
    if call.agrees is not None:
        return None
    passed = _passed(c, call)
    if passed:
        return call.remedy is Remedy.RETRY, f"{passed}: the same run, repeated, succeeded"
    attempts = c.attempts.get(call.replicate)
    found = next((d for job in attempts if (d := c.diagnoses.get(job)) and d.fault is not None), None)
    if found is None or found.fault is None:
        return None
    told = f"diagnosis of {found.job}: {found.fault}, {found.reason}"
    if call.cause in _RIGHT.get(found.fault, ()):
        return True, told
    return (False, told) if call.cause in _WRONG.get(found.fault, ()) else None


def _passed(c: Campaign, call: ShadowCall) -> str:
    """Return the later attempt at exactly the same run that was measured, or nothing."""
    failed = c.jobs[call.job].job
    done = c.scored.get(call.replicate)
    last = c.jobs[done].job if done is not None else None
    same = last is not None and last.attempt > failed.attempt and last.adjustment == failed.adjustment
    return str(done) if same else ""


def standing(c: Campaign, observed: Observed, entry: RunbookEntry) -> tuple[Event, ...]:
    """Return that ``entry`` rises or falls by what all campaigns say of it; each is said once in a campaign."""
    verdicts, before = observed.entries.get(entry.digest, ()), c.standings.get(entry.digest)
    acted = before is Standing.TRUSTED or entry.digest in {d for named in c.bound.values() for _, d in named}
    wrong = any(not v.agrees for v in verdicts)
    here = any(call.entry == entry.digest and call.agrees for call in c.shadows.values())
    rises = standing_of(verdicts) is Standing.TRUSTED and before is None and here and not acted
    falls = wrong and acted and before is not Standing.SHADOW
    if not (rises or falls):
        return ()
    told = tuple(f"{v.campaign}/{v.replicate}" for v in verdicts if v.agrees is rises)
    new = Standing.TRUSTED if rises else Standing.SHADOW
    return (EntryStanding(entry=entry.digest, name=entry.name, standing=new, evidence=told),)
