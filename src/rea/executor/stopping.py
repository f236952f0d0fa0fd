"""Which running jobs are not worth their rest, by their own curves. Pure.

Looked at when the campaign wakes anyway, mostly because another job has ended. The job's own word can only end it, never make it win: a stopped
run has no score, and its experiment no verdict but that it was not tested.
"""

from itertools import islice
from math import sqrt

from rea.domain.action import Action, Cancel, Observed
from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE
from rea.domain.event import Event, RunStopped
from rea.domain.experiment import Purpose
from rea.domain.hypothesis import Effect
from rea.domain.ids import JobId
from rea.domain.job import Job, JobState, JobStatus
from rea.domain.lever import Role
from rea.domain.workload import Curve
from rea.executor.jobs import live
from rea.statistics.curves import Points, forecast

LEAST_FINISHED = 8  # curves, below which the error of a forecast is not known
MOST_FINISHED = 200  # that a forecast rests on, beside the baseline's: to read those of a long search takes minutes
EARLIEST = 0.5  # of a run: before that curves are not looked at
LATEST = 0.85  # after that what is left is not worth ending it
LEVEL = 0.998
# levers that bend the curve itself: how such a run goes on is not told by others
BENDING = frozenset(
    {
        Role.SCHEDULE,
        Role.WARMUP,
        Role.EPOCHS,
        Role.EARLY_STOPPING,
        Role.WEIGHT_AVERAGING,
        Role.TAIL_AVERAGING,
        Role.EMBEDDING_RESET,
        Role.ENSEMBLE,
        Role.BATCH_SIZE,
    }
)


def step(c: Campaign, observed: Observed) -> tuple[Event, ...]:
    """Return the running jobs that even at the best their curves leave possible would end worse than the baseline."""
    curve = c.setup.curve
    if curve is None or c.noise is None:
        return ()
    found = ((job, status) for job in live(c) if (status := observed.jobs.get(job)) is not None)
    told = (_stopped(c, curve, job, status) for job, status in found if _may_be(c, c.jobs[job].job, status))
    return tuple(event for event in told if event is not None)


def cancels(c: Campaign) -> tuple[Action, ...]:
    """Ask for the end of jobs that were stopped and still run."""
    return tuple(Cancel(job=job) for job in live(c) if job in c.stopped_runs)


def _may_be(c: Campaign, job: Job, status: JobStatus) -> bool:
    roles = {lever.role for name, _ in job.change.overrides if (lever := c.setup.lever(name)) is not None}
    plain = not job.change.patches and not roles & BENDING
    chooses = job.purpose is Purpose.SELECT and job.change != BASELINE
    return (
        chooses and plain and status.state is JobState.RUNNING and bool(status.curve) and job.id not in c.stopped_runs
    )


def _stopped(c: Campaign, curve: Curve, job: JobId, status: JobStatus) -> RunStopped | None:
    ended = _ended(c, c.jobs[job].job.fidelity)
    base = [points for change, points in ended if change == BASELINE]
    if len(ended) < LEAST_FINISHED or not base:
        return None
    ends = sorted(points[-1][0] for _, points in ended)
    length, so_far = ends[len(ends) // 2], status.curve[-1][0]
    if not EARLIEST * length <= so_far <= LATEST * length:
        return None
    goal = sum(points[-1][1] for points in base) / len(base)
    found = forecast(status.curve, [points for _, points in ended])
    if found is None or found.rests_on < LEAST_FINISHED or goal == 0:
        return None
    sign = 1 if curve.larger_is_better else -1
    low, high = sorted(sign * (end - goal) / abs(goal) for end in found.reach(LEVEL))
    if high >= -c.policy.margin - _seed_noise(c, job):
        return None
    forecasted = Effect(value=sign * (found.value - goal) / abs(goal), low=low, high=high)
    return RunStopped(job=job, forecast=forecasted, curve=status.curve, rests_on=found.rests_on)


def _seed_noise(c: Campaign, job: JobId) -> float:
    """Return the noise of what it is compared with: the mean of the baseline's runs."""
    return c.calibrated.sd_of(c.jobs[job].job.fidelity) / sqrt(max(1, c.policy.calibration_seeds))


def _ended(c: Campaign, fidelity: str) -> list[tuple[object, Points]]:
    """Return the curves of runs that ended well at ``fidelity``, with what they ran."""
    known = c.once(f"curves at {fidelity}", lambda: _look(c, fidelity))
    return list(known)


def _look(c: Campaign, fidelity: str) -> list[tuple[object, Points]]:
    at = (key for key in reversed(c.succeeded) if c.experiments[c.replicates[key].experiment].fidelity == fidelity)
    baseline = c.experiment_of(BASELINE, fidelity)
    own = (key for key in c.runs_of.get(baseline.id, ()) if key in c.succeeded) if baseline else ()
    done = [c.jobs[c.succeeded[key]] for key in dict.fromkeys((*islice(at, MOST_FINISHED), *own))]
    return [(r.job.change, r.status.curve) for r in reversed(done) if r.status and len(r.status.curve) > 1]
