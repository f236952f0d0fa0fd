"""The smoke test: the training at its tiniest, as a real job, judged like any other."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from rea.domain.change import Change, Patch
from rea.domain.event import Measured, PredictionsRefused
from rea.domain.experiment import Phase, Purpose
from rea.domain.ids import ExperimentId, JobId
from rea.domain.job import Job, JobState, JobStatus, Launch
from rea.domain.lever import Scalar
from rea.executor.materialise.shown import shown
from rea.executor.materialise.workspace import LocalWorkspace
from rea.executor.observations import SmokeFacts, SmokeRun

Run = Callable[[Launch], JobStatus]
Measure = Callable[[Sequence[JobId]], Sequence[Measured | PredictionsRefused]]
SEED = 1


def smoke_job(
    ours: LocalWorkspace, name: str, overrides: dict[str, Scalar], seed: int, patches: tuple[Patch, ...] = ()
) -> Job:
    """Return the job called ``smoke.NAME``; a name that was used before gets the next attempt."""
    attempt = len(tuple((ours.directory / "jobs").glob(f"smoke.{name}.a*")))
    return Job(
        id=JobId(f"smoke.{name}.a{attempt}"),
        experiment=ExperimentId("smoke"),
        index=0,
        purpose=Purpose.SELECT,
        phase=Phase.CALIBRATION,
        attempt=attempt,
        seed=seed,
        fidelity=ours.workload.full.name,
        change=Change(overrides=tuple(overrides.items()), patches=patches),
    )


def look_at_smoke(ours: LocalWorkspace, run: Run, measure: Measure) -> SmokeFacts:
    """Run the tiny training as declared; if it is judged well, also with every lever stated, and under another seed.

    Raises:
        WorkloadError: it cannot even be launched.
    """
    tiny = dict(ours.workload.smoke)
    defaults = {lever.name: lever.default for lever in ours.workload.levers}
    first = smoke_job(ours, "plain", tiny, SEED)
    plain = judged(first, ours, run, measure)
    size = _size(ours.directory / "jobs" / first.id)
    if not plain.measured:
        return SmokeFacts(plain=plain, job_bytes=size)
    return SmokeFacts(
        plain=plain,
        stated=ran(smoke_job(ours, "stated", defaults | tiny, SEED), ours, run) if defaults else None,
        reseeded=ran(smoke_job(ours, "reseeded", tiny, SEED + 1), ours, run),
        job_bytes=size,
    )


def judged(job: Job, ours: LocalWorkspace, run: Run, measure: Measure) -> SmokeRun:
    """Run one job and have its predictions judged, if it ended well."""
    found = ran(job, ours, run)
    if found.status.state is not JobState.SUCCEEDED:
        return found
    (answer,) = measure([job.id])
    return SmokeRun(status=found.status, by_hand=found.by_hand, predictions=found.predictions, answer=answer)


def ran(job: Job, ours: LocalWorkspace, run: Run) -> SmokeRun:
    """Run one job; ``predictions`` is the digest of what it wrote."""
    launch = ours.launch(job)
    status = run(launch)
    written = Path(launch.directory) / "out" / ours.workload.command.predictions
    found = hashlib.sha256(written.read_bytes()).hexdigest() if written.is_file() else ""
    return SmokeRun(status=status, by_hand=shown(launch), predictions=found)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() or path.is_symlink())
