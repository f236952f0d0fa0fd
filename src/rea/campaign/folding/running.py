"""Jobs: reserved, submitted, ended, treated; and the ledger that follows them."""

from dataclasses import replace

from rea.campaign.folding.nodes import went
from rea.domain import event as e
from rea.domain.campaign import Campaign, JobRecord
from rea.domain.experiment import Purpose
from rea.domain.job import JobState
from rea.domain.runbook import Remedy


def running(c: Campaign, event: e.Running) -> None:
    match event:
        case e.JobReserved(job=job) if job.id not in c.jobs:
            c.jobs[job.id] = JobRecord(job=job)
            c.open_jobs[job.id] = None
            key = job.replicate.key
            c.scored.pop(key, None)
            c.attempts[key] = (*c.attempts.get(key, ()), job.id)
            c.ledger = replace(c.ledger, held=c.ledger.held + job.held_ms)
        case e.JobSubmitted() if (record := c.jobs.get(event.job)) and record.state is JobState.RESERVED:
            c.jobs[event.job] = replace(record, state=JobState.SUBMITTED, handle=event.handle)
        case e.JobEnded() if (record := c.jobs.get(event.job)) and not record.state.ended and event.status.state.ended:
            _end(c, record, event)
        case e.JobTreated() if (record := c.jobs.get(event.job)) and record.treatment is None:
            c.jobs[event.job] = replace(record, treatment=event.treatment)
            if event.treatment.changed:
                c.altered.add(record.job.experiment)
            went(c, c.jobs[event.job])
            c.open_jobs.pop(event.job, None)
            if event.treatment.remedy is Remedy.DROP:
                c.unsettled.pop(record.job.replicate.key, None)
            elif record.job.purpose is Purpose.DIAGNOSE and record.state.ended:
                c.unsettled[record.job.replicate.key] = None  # a remedy is tried: one more attempt at the rerun
        case e.RunStopped() if (record := c.jobs.get(event.job)) and not record.state.ended:
            c.stopped_runs.setdefault(event.job, event)
            c.unsettled.pop(record.job.replicate.key, None)
        case _:
            pass


def _end(c: Campaign, record: JobRecord, event: e.JobEnded) -> None:
    c.jobs[event.job] = replace(record, state=event.status.state, status=event.status, cost_ms=event.cost_ms)
    c.finished += 1
    c.failed += c.jobs[event.job].failed
    key = record.job.replicate.key
    c.costs[key] = c.costs.get(key, 0) + event.cost_ms
    if event.status.state is JobState.SUCCEEDED:
        c.succeeded[key] = event.job
        below = record.job.resumes
        c.run_costs[event.job] = event.cost_ms + (c.run_cost_ms(below) if below is not None and below in c.jobs else 0)
    c.ledger = c.ledger.settle(record.job.held_ms, event.cost_ms)
    if event.status.state is JobState.CANCELLED or record.job.purpose is Purpose.DIAGNOSE:
        c.open_jobs.pop(event.job, None)
        c.unsettled.pop(record.job.replicate.key, None)
