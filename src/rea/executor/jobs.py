"""From replicates that want a job to the job they get: its name, its seed, what it resumes and what is held for it. Pure."""

from math import prod

from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE, Change
from rea.domain.experiment import Experiment, Replicate, seed_of
from rea.domain.ids import JobId
from rea.domain.job import Job, JobState, hold_ms, job_id, limit_s
from rea.domain.workload import SMOKE
from rea.statistics.dearness import dearness, shown


def job_for(c: Campaign, replicate: Replicate, attempt: int, adjustment: Change) -> Job:
    """Return the job that attempts ``replicate`` for the ``attempt``-th time (from 0)."""
    experiment = c.experiments[replicate.experiment]
    limit = time_limit_s(c, experiment)
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


def time_limit_s(c: Campaign, experiment: Experiment) -> int:
    """Return the limit of one job in seconds: the workload's, tightened once it has been seen what such a run takes."""
    resources = c.setup.resources
    if c.noise is None:
        return resources.time_limit_s
    plain = c.noise.cost_of(experiment.fidelity) if experiment.fidelity != SMOKE else _smoke_ms(c)
    return limit_s(round(plain * _most(c, experiment.change)), resources.devices, resources.time_limit_s)


def _smoke_ms(c: Campaign) -> int:
    return c.checklist.smoke_ms * c.setup.resources.devices if c.checklist else 0


def _most(c: Campaign, change: Change) -> float:
    """Return how many times a default run ``change`` is given time for, at least 1.

    Of patches that have not run, what was said of them counts: nobody should be stopped for costing what a person approved.
    """
    own, held = shown(c, change), set(change.patches)
    made = [h for h in c.hypotheses.values() if h.change.patches and held >= set(h.change.patches)] if held else []
    said = prod(max(1.0, h.cost) for h in made)
    return max(1.0, own if own is not None else max(said, dearness(c, change)))


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
