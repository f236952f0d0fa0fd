"""What to do about suggestions: ask for one where a diagnosis has ended, and try what it says. Pure.

A remedy is tried as any treatment is: the smallest failing rerun of the diagnosis is treated with it, and its next attempt shows whether it holds.
Reruns, their size and what all of them may cost are the diagnosis's.
"""

from collections.abc import Iterator

from rea.domain.action import Decision, NoteTrial, ReadLog
from rea.domain.campaign import Campaign
from rea.domain.diagnosis import Diagnosis, Fault
from rea.domain.event import Event, JobTreated
from rea.domain.experiment import Purpose, Replicate, experiment_id
from rea.domain.ids import JobId
from rea.domain.job import JobState
from rea.domain.runbook import Remedy, Treatment
from rea.domain.suggestion import Suggestion
from rea.domain.workload import SMOKE
from rea.executor import diagnosis

ENTRY = "suggested"  # stands for the runbook entry in a treatment that a suggestion prescribes
MOST = 6  # suggestions of one campaign
_TRIED = (Remedy.RETRY, Remedy.ADJUST)


def step(c: Campaign, reads: bool) -> Decision:
    """Return what suggestions want next; ``reads`` says that there is a reader of logs."""
    if diagnosis.under_way(c) is not None:
        return Decision()
    trials = tuple(_trials(c))
    if trials:
        return Decision(events=trials)
    ended = [(job, rerun) for job in c.suggestions if job not in c.trials and (rerun := tried(c, job)) is not None]
    if ended:
        return Decision(actions=tuple(NoteTrial(job=job, rerun=rerun) for job, rerun in ended))
    unread = [d for d in c.diagnoses.values() if d.job not in c.suggestions]
    wanted = reads and unread and len(c.suggestions) < MOST
    return Decision(actions=(ReadLog(job=unread[0].job),)) if wanted else Decision()


def rerun_of(c: Campaign, job: JobId) -> JobId | None:
    """Return the rerun that shows the failure of ``job`` at its smallest; None where none does."""
    found = c.diagnoses.get(job)
    if found is None or found.fault is not Fault.CHANGE:
        return None
    smallest = experiment_id(c.workload_digest, found.minimal, SMOKE)
    number = list(c.diagnoses).index(job)  # as the diagnosis numbered its reruns
    jobs = c.attempts.get(Replicate(experiment=smallest, index=number, purpose=Purpose.DIAGNOSE).key, ())
    return jobs[0] if jobs else None


def tried(c: Campaign, job: JobId) -> JobId | None:
    """Return the rerun with the remedy, once it has ended by itself."""
    shown = rerun_of(c, job)
    if shown is None:
        return None
    later = c.attempts[c.jobs[shown].job.replicate.key][1:]
    ended = later and c.jobs[later[0]].state in (JobState.SUCCEEDED, JobState.FAILED)
    return later[0] if ended else None


def _trials(c: Campaign) -> Iterator[Event]:
    for d in c.diagnoses.values():
        suggestion = c.suggestions.get(d.job)
        shown = rerun_of(c, d.job)
        if suggestion is not None and shown is not None and _worth_trying(c, suggestion, shown, d):
            yield JobTreated(job=shown, treatment=_treatment(suggestion))


def _worth_trying(c: Campaign, s: Suggestion, shown: JobId, d: Diagnosis) -> bool:
    fresh = c.jobs[shown].treatment is None and c.jobs[shown].state is JobState.FAILED
    return fresh and s.cause is not None and s.remedy in _TRIED and diagnosis.affordable(c)


def _treatment(s: Suggestion) -> Treatment:
    assert s.cause is not None
    moves = f" ({', '.join(str(move) for move in s.moves)})" if s.moves else ""
    return Treatment(
        entry=ENTRY,
        cause=s.cause,
        remedy=s.remedy,
        reason=f"suggested for {s.job} by {s.by}: {s.remedy}{moves}, tried before it is believed",
        moves=s.moves,
        changed=bool(s.moves),
    )
