"""What someone else needs to run the deciding jobs again."""

import shlex

from rea.domain.campaign import Campaign
from rea.domain.experiment import Phase
from rea.domain.job import Job
from rea.executor.materialise.command import arguments, overrides_of
from rea.report.foreign import line

PLACES = {"data": "DATA", "out": "OUT", "checkpoint": "CHECKPOINT"}


def reproduce(c: Campaign) -> tuple[tuple[str, str], ...]:
    """Return names and values: code, data, digests, a command, seeds."""
    if c.workload is None:
        return ()
    found = [("Repository", line(c.repository)), ("Commit", c.commit), ("Workload digest", c.workload_digest)]
    if c.checklist is not None:
        x = c.checklist
        found += [("Data fingerprint", x.data), ("Test rows", x.test_rows), ("Judge", x.judge), ("Checklist", x.digest)]
    if c.plan is not None:
        found += [("Plan digest", c.plan_digest), ("Runbook digest", c.plan.runbook)]
    jobs = deciding(c)
    if jobs:
        seeds = " ".join(str(j.seed) for j in jobs)
        found += [("A deciding job", line(command(c, jobs[0]), 2000)), ("Its seeds", line(seeds, 2000))]
    return (*found, ("Every event", f"rea query events --json -c {c.id}"), ("Check them", f"rea why -c {c.id}"))


def deciding(c: Campaign) -> list[Job]:
    """Return the jobs that the answer rests on: Confirmation's of the proposal, else Confirmation's, else the baseline's."""
    of = c.proposal.experiment if c.proposal else None
    jobs = [r.job for r in c.jobs.values() if r.measured is not None]
    confirming = [j for j in jobs if j.phase is Phase.CONFIRMATION]
    return [j for j in confirming if j.experiment == of] or confirming or jobs


def command(c: Campaign, job: Job) -> str:
    """Return a job's command line as the workload declares it; DATA and OUT stand for your own folders."""
    told = c.setup.command
    values = {"python": told.python, "seed": str(job.seed), "data": PLACES["data"], "out": PLACES["out"]}
    resumed = values | ({"checkpoint": PLACES["checkpoint"]} if job.resumes else {})
    return shlex.join(arguments(told, resumed, overrides_of(job, c.setup)))
