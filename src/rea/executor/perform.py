"""Execution's effects: submit, poll, cancel, and have ended jobs judged."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rea.domain.action import Cancel, Compare, Measure, ReadLog, Submit
from rea.domain.campaign import Campaign
from rea.domain.event import AGENT, CauseSuggested, Compared, Event, JobSubmitted, Paused, PredictionsRefused
from rea.domain.ids import JobId
from rea.domain.job import JobState, JobStatus
from rea.domain.workload import Curve
from rea.executor.curves import read_curve
from rea.executor.jobs import live
from rea.ports import Ports


def observe(c: Campaign, ports: Ports) -> Mapping[JobId, JobStatus]:
    """Ask the backend about every live job that was submitted, in one call."""
    submitted = [j for j in live(c) if c.jobs[j].state is not JobState.RESERVED]
    known = ports.backend.poll(submitted) if submitted else {}
    curve = c.setup.curve if c.workload is not None else None
    if curve is None:
        return known
    return {job: _with_curve(status, ports.directory / "jobs" / job / "out", curve) for job, status in known.items()}


def _with_curve(status: JobStatus, out: Path, curve: Curve) -> JobStatus:
    worth = status.state in (JobState.RUNNING, JobState.SUCCEEDED) and not status.curve
    return replace(status, curve=read_curve(out, curve)) if worth else status


def submit(action: Submit, ports: Ports) -> tuple[Event, ...]:
    """Launch a reserved job, unless the backend knows it already: then only the acknowledgement was lost."""
    known = ports.backend.poll([action.job.id]).get(action.job.id)
    if known is not None and known.state not in (JobState.RESERVED, JobState.UNKNOWN):
        return (JobSubmitted(job=action.job.id, handle=str(action.job.id)),)
    if known is not None and known.state is JobState.UNKNOWN:
        return ()  # the backend cannot be asked, so it may have the job: wait
    handle = ports.backend.submit(replace(ports.workspace.launch(action.job), avoid=action.avoid))
    return (JobSubmitted(job=action.job.id, handle=handle),)


def cancel(action: Cancel, ports: Ports) -> tuple[Event, ...]:
    """Ask the backend to end a job; that it ended is observed later."""
    ports.backend.cancel(action.job)
    return ()


def measure(action: Measure, ports: Ports) -> tuple[Event, ...]:
    """Have the judge score what ended jobs predicted; what looks like cheating pauses the campaign."""
    answers = ports.judge.measure(action.jobs)
    for job in action.jobs:
        ports.workspace.clean(job)
    refused = [a for a in answers if isinstance(a, PredictionsRefused) and a.suspicious]
    pauses = [Paused(reason=f"{a.job}: {a.reason}", by=AGENT, command=f"suspicious:{a.job}") for a in refused]
    return (*answers, *pauses)


def read_log(action: ReadLog, c: Campaign, ports: Ports) -> tuple[Event, ...]:
    """Ask the reader of logs about a failed job; whatever it answers is recorded, so that it is asked once."""
    if ports.reader is None:
        return ()
    return (CauseSuggested(suggestion=ports.reader.read(c.jobs[action.job], c.setup)),)


def compare(action: Compare, ports: Ports) -> tuple[Event, ...]:
    """Have the judge compare arms on sealed rows."""
    return (Compared(comparisons=tuple(ports.judge.compare(action.pairs, action.rows, action.guardrails))),)
