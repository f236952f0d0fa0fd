"""A workload, jobs and runbook entries for the tests of failures."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from rea.domain.change import BASELINE, Change, override
from rea.domain.experiment import Phase, Purpose
from rea.domain.hypothesis import Move, Operation
from rea.domain.ids import ExperimentId, JobId
from rea.domain.job import Job, JobState, JobStatus
from rea.domain.lever import Lever, LeverType, Role
from rea.domain.runbook import Cause, Remedy, RunbookEntry, Treatment
from rea.domain.workload import Command, Data, Fidelity, MetricName, Workload
from rea.executor.failures import adjustment

Treat = Callable[[Job, JobStatus, Sequence[RunbookEntry], Sequence[Treatment], Workload], Treatment]

INT, FLOAT, CHOICE = LeverType.INT, LeverType.FLOAT, LeverType.CHOICE
LEVERS = (
    Lever(name="lr", type=FLOAT, role=Role.LEARNING_RATE, default=0.01, low=0.001, high=1.0),
    Lever(name="clip", type=FLOAT, role=Role.GRADIENT_CLIP, default=0.0, low=0.0, high=10.0),
    Lever(name="batch", type=INT, role=Role.BATCH_SIZE, default=1000, low=1, high=65536),
    Lever(name="micro", type=INT, role=Role.MICRO_BATCH, default=0, low=0, high=65536),
    Lever(name="norm", type=CHOICE, role=Role.NORMALISATION, default="none", choices=("none", "batch", "layer")),
)
WORKLOAD = Workload(
    name="w",
    command=Command(argv=("{python}", "train.py")),
    data=Data(path="d.parquet", label="y"),
    primary=MetricName.NE,
    levers=LEVERS,
    fidelities=(Fidelity(name="third", share=0.4, overrides=(("batch", 512),)), Fidelity(name="full")),
)
QUARTER = Move(role=Role.MICRO_BATCH, operation=Operation.MULTIPLY, operand=0.25)
SLOWER = Move(role=Role.LEARNING_RATE, operation=Operation.MULTIPLY, operand=0.3)
CLIP = Move(role=Role.GRADIENT_CLIP, operation=Operation.SET, operand=1.0)


def job(change: Change = BASELINE, fidelity: str = "full", adjustment: Change = BASELINE) -> Job:
    return Job(
        id=JobId("e.select.i0.a0"),
        experiment=ExperimentId("e"),
        index=0,
        purpose=Purpose.SELECT,
        phase=Phase.VALIDATION,
        attempt=0,
        seed=1,
        fidelity=fidelity,
        change=change,
        adjustment=adjustment,
    )


def failed(log: str = "", reason: str = "exit 1", state: JobState = JobState.FAILED) -> JobStatus:
    return JobStatus(state=state, reason=reason, log_tail=log)


def entry(
    name: str, symptom: str, remedy: Remedy = Remedy.RETRY, cause: Cause = Cause.INFRASTRUCTURE, limit: int = 2
) -> RunbookEntry:
    return RunbookEntry(
        name=name, symptom=symptom, cause=cause, remedy=remedy, explanation=f"it is {name}", limit=limit
    )


OOM = replace(
    entry("oom", "out of memory", Remedy.ADJUST, Cause.RESOURCES, 3),
    moves=(QUARTER,),
    exact=True,
    unless="normalisation",
    harmless=("layer",),
)
NAN = replace(entry("nan", "loss is nan", Remedy.ADJUST, Cause.TREATMENT), moves=(SLOWER, CLIP))
LOST = entry("lost", r"^lost: .{0,99}\Z")
FULL = entry("full", "No space left", Remedy.PAUSE, limit=0)
RUNBOOK = (OOM, NAN, LOST, FULL)


def until_given_up(
    treat: Treat, start: Job, statuses: Sequence[JobStatus], workload: Workload = WORKLOAD
) -> tuple[list[Treatment], list[Job]]:
    """Let one replicate fail with each of ``statuses`` until it is given up; return the treatments and the jobs they were about."""
    history: list[Treatment] = []
    jobs = [start]
    for status in statuses:
        history.append(treat(jobs[-1], status, RUNBOOK, tuple(history), workload))
        if history[-1].remedy not in (Remedy.RETRY, Remedy.ADJUST):
            break
        jobs.append(
            replace(jobs[-1], adjustment=override(jobs[-1].adjustment, adjustment(jobs[-1], history[-1], workload)))
        )
    return history, jobs
