"""A user's own runbook entries: what they have earned, and a person's word on whether one was right."""

from dataclasses import dataclass

from rea.campaign.evolve import evolve
from rea.domain.action import Observed
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.event import EntryJudged
from rea.domain.ids import Digest, JobId
from rea.domain.runbook import ENOUGH, RunbookEntry, ShadowCall, Standing
from rea.executor.shadow import standing
from rea.store.journal import SqlJournal


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """One own entry: its standing, and how often it was right and wrong over all campaigns."""

    name: str
    digest: Digest
    standing: Standing
    right: int
    wrong: int
    next: str


def earned(journal: SqlJournal, runbook: tuple[RunbookEntry, ...]) -> tuple[Earned, ...]:
    """Return what each own entry has earned."""
    own = [entry for entry in runbook if entry.own]
    known = journal.verdicts([entry.digest for entry in own])
    return tuple(_earned(e, [v.agrees for v in known[e.digest]]) for e in own)


def _earned(entry: RunbookEntry, agrees: list[bool]) -> Earned:
    right, wrong = sum(agrees), len(agrees) - sum(agrees)
    if wrong:
        left = "it was wrong, so it stays in shadow; correct the file, and it begins anew"
    elif entry.standing is Standing.TRUSTED:
        left = "acts under plans that are approved from now on"
    else:
        left = f"to be trusted it has to be right {ENOUGH - right} more times"
    return Earned(name=entry.name, digest=entry.digest, standing=entry.standing, right=right, wrong=wrong, next=left)


def judge(
    journal: SqlJournal, runbook: tuple[RunbookEntry, ...], c: Campaign, job: str, agrees: bool, by: str, reason: str
) -> EntryJudged:
    """Record a person's word on the entry that knew why ``job`` failed, and that it rises or falls by it.

    Raises:
        UsageError: no own entry had anything to say about the job.
    """
    call = _about(c, runbook, job)
    told = EntryJudged(
        entry=call.entry, name=call.name, replicate=call.replicate, agrees=agrees, evidence=reason or "a person", by=by
    )
    journal.append(c.id, (told,))
    entry = next((e for e in runbook if e.digest == call.entry), None)
    if entry is not None:
        seen = Observed(now=0.0, entries=journal.verdicts([entry.digest]))
        journal.append(c.id, standing(evolve(c, told), seen, entry))
    return told


def _about(c: Campaign, runbook: tuple[RunbookEntry, ...], job: str) -> ShadowCall:
    record = c.jobs.get(JobId(job))
    if record is None:
        raise UsageError(f"no job of {c.id} is called {job!r}", "rea why, or rea query, shows their names")
    key = record.job.replicate.key
    call = next((s for s in c.shadows.values() if s.replicate == key), None)
    acted = next((e for e in runbook if e.own and record.treatment and record.treatment.entry == e.name), None)
    if call is None and (acted is None or record.treatment is None):
        raise UsageError(f"none of your own entries knew why {job} failed", "rea runbook lists them")
    if call is not None or acted is None or record.treatment is None:
        assert call is not None
        return call
    t = record.treatment
    return ShadowCall(
        entry=acted.digest,
        name=acted.name,
        job=record.job.id,
        replicate=key,
        cause=t.cause,
        remedy=t.remedy,
        reason=t.reason,
    )
