"""What execution should do next: note endings, treat failures, have ended jobs judged, submit what is reserved, reserve what is due. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from rea.domain.action import Action, Cancel, Decision, Measure, Observed, Submit
from rea.domain.campaign import Campaign, JobRecord
from rea.domain.change import BASELINE, override
from rea.domain.event import AGENT, Event, ExperimentDropped, JobEnded, JobReserved, JobTreated, Paused
from rea.domain.experiment import Purpose
from rea.domain.ids import JobId
from rea.domain.job import Job, JobState, JobStatus
from rea.domain.runbook import Remedy, RunbookEntry, Treatment
from rea.executor import diagnosis, failures, nodes, shadow, stopping
from rea.executor.jobs import job_for, live, lost_checkpoint
from rea.executor.suggestion import step as suggestions

MOST_RECENT = 100  # ended jobs that tell a storm: those of a long campaign are not all looked through again


def facts(c: Campaign, observed: Observed) -> tuple[Event, ...]:
    """Return what the backend says has ended. Unknown may only wait."""
    return tuple(
        JobEnded(job=job, status=status, cost_ms=round(status.seconds * 1000 * c.setup.resources.devices))
        for job in live(c)
        if (status := observed.jobs.get(job)) is not None and status.state.ended
    )


def decide(c: Campaign, observed: Observed, runbook: tuple[RunbookEntry, ...]) -> Decision:
    """Return the executor's next step for a campaign that may act."""
    ended = facts(c, observed)
    if ended:
        return Decision(events=ended)
    treated = treatments(c, runbook)
    if treated:
        return Decision(events=treated)
    told = nodes.step(c, observed.now) or storm(c) or shadow.step(c, observed, runbook) or stopping.step(c, observed)
    if told:
        return Decision(events=told)
    planned = Decision(
        events=reservations(c, observed.elsewhere), actions=submissions(c, observed) + judging(c) + stopping.cancels(c)
    )
    known = shadow.trusted(c, runbook)
    return planned + diagnosis.step(c, known) + suggestions.step(c, observed.reads)


def wind_down(c: Campaign, observed: Observed) -> Decision:
    """Return what is still right to do when nothing may be launched: note endings, cancel what runs when stopped, judge what ended."""
    ended = facts(c, observed)
    if ended:
        return Decision(events=ended)
    running = tuple(Cancel(job=j) for j in live(c) if c.stopped and c.jobs[j].state is not JobState.RESERVED)
    never_started = tuple(
        JobEnded(job=j, status=JobStatus(state=JobState.CANCELLED, reason="stopped before launch"), cost_ms=0)
        for j in live(c)
        if c.stopped and c.jobs[j].state is JobState.RESERVED
    )
    return Decision(events=never_started, actions=judging(c) + running)


def judging(c: Campaign) -> tuple[Action, ...]:
    """Ask the judge about every job that succeeded and was not judged."""
    done = tuple(j for j in c.open_jobs if c.jobs[j].state is JobState.SUCCEEDED and not c.jobs[j].judged)
    return (Measure(jobs=done),) if done else ()


def submissions(c: Campaign, observed: Observed) -> tuple[Action, ...]:
    """Submit what is reserved, and again what the backend has never heard of."""
    jobs = (c.jobs[j].job for j in live(c) if _unknown_to_backend(c.jobs[j], observed))
    return tuple(Submit(job=job, avoid=nodes.avoided_by(c, observed, job)) for job in jobs)


def _unknown_to_backend(record: JobRecord, observed: Observed) -> bool:
    status = observed.jobs.get(record.job.id)
    return record.state is JobState.RESERVED or (status is not None and status.state is JobState.RESERVED)


def reservations(c: Campaign, elsewhere: int = 0) -> tuple[Event, ...]:
    """Reserve the next attempt of replicates that want one, as far as slots go that jobs ``elsewhere`` do not hold."""
    free = c.policy.slots - len(live(c)) - elsewhere
    wanted: list[Event] = []
    for key in _by_urgency(c):
        if len(wanted) >= free:
            break
        job = next_attempt(c, key)
        if job is not None:
            wanted.append(JobReserved(job=job))
    return tuple(wanted)


def _by_urgency(c: Campaign) -> Iterable[str]:
    """Return what wants a job in its order; why something fails is found out before more of it is launched."""
    if diagnosis.under_way(c) is None:
        return c.unsettled
    return sorted(c.unsettled, key=lambda key: c.replicates[key].purpose is not Purpose.DIAGNOSE)


def next_attempt(c: Campaign, key: str) -> Job | None:
    """Return the job that replicate ``key`` wants now: derived from recorded attempts without a successor, never from the moment of ending."""
    replicate, made = c.replicates[key], c.attempts.get(key, ())
    if not made:
        return job_for(c, replicate, 0, BASELINE)
    last = c.jobs[made[-1]]
    if last.treatment is None or not (last.treatment.remedy in failures.AGAIN or last.job.id in c.excused):
        return None
    adjustment = last.job.adjustment
    if last.treatment.remedy is Remedy.ADJUST:
        adjustment = override(adjustment, failures.adjustment(last.job, last.treatment, c.setup))
    job = job_for(c, replicate, len(made), adjustment)
    if adjustment != BASELINE or lost_checkpoint(c, last.job.id):
        return replace(
            job, resumes=None
        )  # a checkpoint of another configuration, or one that may be broken, is not gone on from
    return job


def treatments(c: Campaign, runbook: tuple[RunbookEntry, ...]) -> tuple[Event, ...]:
    """Decide about every failed, lost or refused job."""
    failed = [j for j in c.open_jobs if c.jobs[j].failed and c.jobs[j].treatment is None]
    return tuple(event for job in failed for event in _treat(c, job, runbook))


def storm(c: Campaign) -> tuple[Event, ...]:
    """Open the circuit when launches fail one after another, whatever the runbook would still try."""
    reason = failures.storm(list(reversed(tuple(islice(_lately_ended(c), min(c.finished - c.forgiven, MOST_RECENT))))))
    return (Paused(reason=reason, by=AGENT, command=f"storm:{c.finished}"),) if reason else ()


def _lately_ended(c: Campaign) -> Iterator[JobRecord]:
    """Yield what ended, the latest first; what failed on a node that is set aside is dealt with."""
    away = nodes.avoided(c)
    return (r for job in reversed(c.jobs) if (r := c.jobs[job]).state.ended and not _failed_on(r, away))


def _failed_on(r: JobRecord, away: tuple[str, ...]) -> bool:
    return r.failed and r.status is not None and r.status.node in away


def _treat(c: Campaign, job: JobId, runbook: tuple[RunbookEntry, ...]) -> tuple[Event, ...]:
    record = c.jobs[job]
    status = record.status or JobStatus(state=record.state)
    if record.refused:
        status = replace(status, state=JobState.FAILED, reason=f"predictions refused: {record.refused}")
    earlier = tuple(t for j in c.attempts[record.job.replicate.key] if (t := c.jobs[j].treatment) is not None)
    acting = shadow.trusted(c, runbook)
    treatment = failures.treat(record.job, status, acting, earlier, c.setup)
    beside = (*shadow.calls(c, record.job, status, runbook, earlier), *shadow.given_up(record.job, treatment, acting))
    return (JobTreated(job=job, treatment=treatment), *beside, *_consequences(c, record.job, treatment))


def _consequences(c: Campaign, job: Job, treatment: Treatment) -> tuple[Event, ...]:
    if treatment.remedy is Remedy.PAUSE:
        return (_pause(job.id, treatment.reason),)
    if treatment.remedy is not Remedy.DROP:
        return ()
    if job.change == BASELINE:
        return (_pause(job.id, f"the baseline itself fails: {treatment.reason}"),)
    dropped = ExperimentDropped(experiment=job.experiment, reason=f"{treatment.entry}: {treatment.reason}")
    return (dropped, *(diagnosis.opened(c, job.id) if treatment.entry == failures.UNKNOWN else ()))


def _pause(job: JobId, reason: str) -> Paused:
    return Paused(reason=reason, by=AGENT, command=f"pause:{job}")
