"""From replicates that want a job to the job they get: its name, its seed, what it resumes and what is held for it. Pure."""

from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE, Change
from rea.domain.experiment import Replicate, seed_of
from rea.domain.ids import JobId
from rea.domain.job import Job, JobState, hold_ms, job_id, limit_s


def job_for(c: Campaign, replicate: Replicate, attempt: int, adjustment: Change) -> Job:
    """Return the job that attempts ``replicate`` for the ``attempt``-th time (from 0)."""
    experiment = c.experiments[replicate.experiment]
    limit = time_limit_s(c, experiment.fidelity)
    return Job(
        id=job_id(replicate, attempt),
        experiment=experiment.id,
        index=replicate.index,
        purpose=replicate.purpose,
        phase=replicate.phase,
        attempt=attempt,
        seed=seed_of(c.policy.seed, experiment.change, replicate.purpose, replicate.index),
        fidelity=experiment.fidelity,
        change=experiment.change,
        adjustment=adjustment,
        resumes=resumable(c, replicate),
        time_limit_s=limit,
        held_ms=hold_ms(limit, c.setup.resources.devices),
    )


def time_limit_s(c: Campaign, fidelity: str) -> int:
    """Return the limit of one job in seconds: the workload's, tightened once calibration has shown what a run takes."""
    resources = c.setup.resources
    if c.noise is None:
        return resources.time_limit_s
    return limit_s(c.noise.cost_of(fidelity), resources.devices, resources.time_limit_s)


def resumable(c: Campaign, replicate: Replicate) -> JobId | None:
    """Return the job at the rung below whose checkpoint ``replicate`` can go on from, if there is one that was left unadjusted."""
    experiment = c.experiments[replicate.experiment]
    rung = c.setup.rung_below(experiment.fidelity)
    below = c.experiment_of(experiment.change, rung.name) if rung else None
    if below is None:
        return None
    key = Replicate(experiment=below.id, index=replicate.index, purpose=replicate.purpose).key
    done = [j for j in c.attempts.get(key, ()) if c.jobs[j].measured and c.jobs[j].job.adjustment == BASELINE]
    return done[-1] if done else None


def live(c: Campaign) -> list[JobId]:
    """Return the jobs that hold a slot."""
    return [j for j in c.open_jobs if not c.jobs[j].state.ended]


def lost_checkpoint(c: Campaign, job: JobId) -> bool:
    """Whether ``job`` went on from a checkpoint and failed: the next attempt starts from scratch."""
    record = c.jobs[job]
    return record.job.resumes is not None and record.state in (JobState.FAILED, JobState.LOST)
