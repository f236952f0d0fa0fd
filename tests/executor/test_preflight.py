"""The checklist as a function of what was seen: pure, and nothing that counts is left out of its digest."""

from dataclasses import replace

import pytest

from rea.domain.event import Measured, PredictionsRefused
from rea.domain.evidence import Measurement, SealLevel
from rea.domain.ids import Digest, JobId
from rea.domain.job import JobState, JobStatus
from rea.domain.lever import Lever, LeverType, Role
from rea.domain.plan import Check, Checklist, Policy
from rea.domain.workload import Command, Data, Fidelity, MetricName, Resources, Workload
from rea.executor.observations import (
    Confined,
    DataFacts,
    InterpreterFacts,
    MachineFacts,
    Observations,
    RepositoryFacts,
    SmokeFacts,
    SmokeRun,
    Trouble,
)
from rea.executor.preflight import calibration_allowance, checklist, hold_ms
from rea.judge.seal import Sealed

HOUR_MS = 3_600_000
ENDED = JobStatus(state=JobState.SUCCEEDED, reason="exit 0", seconds=2.5)
WORKLOAD = Workload(
    name="w",
    command=Command(argv=("x",)),
    data=Data(path="data/log.csv", label="click"),
    primary=MetricName.NE,
    levers=(Lever(name="lr", type=LeverType.FLOAT, role=Role.LEARNING_RATE, default=0.1, low=0.0, high=1.0),),
    fidelities=(Fidelity(name="half", share=0.5), Fidelity(name="full")),
    resources=Resources(time_limit_s=85, memory_mb=1000),
)
SEALED = Sealed(
    fingerprint=Digest("d" * 64),
    test_fingerprint=Digest("t" * 64),
    judge_digest=Digest("j" * 64),
    train=1000,
    early_stopping=100,
    judge=100,
    test=200,
    base_rates=(("train", 0.1),),
    level=SealLevel.HANDED_OVER,
)
JUDGED = Measured(
    job=JobId("smoke"), measurements=(Measurement(metric="ne", value=0.9, rows=100),), fingerprint=Digest("p")
)
PYTHON = InterpreterFacts(path="/python", version="3.12", packages=3, fingerprint="f" * 64)
SEEN = Observations(
    workload=WORKLOAD,
    repository=RepositoryFacts(path="/r", commit="c" * 40, files=("workload.toml", "train.py")),
    interpreter=PYTHON,
    data=DataFacts(path="/r/data/log.csv", generated=False, sealed=SEALED),
    smoke=SmokeFacts(
        plain=SmokeRun(status=ENDED, by_hand="run it", predictions="a", answer=JUDGED),
        stated=SmokeRun(status=ENDED, by_hand="run it", predictions="a"),
        reseeded=SmokeRun(status=ENDED, by_hand="run it", predictions="b"),
    ),
    machine=MachineFacts(free_bytes=10**12, data_bytes=10**6, memory_bytes=10**11, timer="cron"),
    judge_code="1",
    confined=Confined(),
)


def of(seen: Observations, name: str, budget_ms: int = HOUR_MS) -> Check:
    return next(check for check in checklist(seen, budget_ms, Policy()).checks if check.name == name)


def listed(seen: Observations, budget_ms: int = HOUR_MS) -> Checklist:
    return checklist(seen, budget_ms, Policy())


def test_all_is_well() -> None:
    found = listed(SEEN)
    assert found.passed and all(check.ok for check in found.checks)
    assert (found.smoke_ms, found.seal, found.data) == (2500, "handed_over", SEALED.fingerprint)
    assert listed(SEEN).digest == found.digest


@pytest.mark.parametrize(("required", "passes"), [(False, True), (True, False)])
def test_a_missing_sandbox_is_told_and_blocks_where_one_is_required(required: bool, passes: bool) -> None:
    found = listed(replace(SEEN, confined=Confined(why="bwrap not found", fix="install it", required=required)))
    (check,) = (c for c in found.checks if c.name == "sandbox")
    assert not check.ok and "bwrap not found" in check.detail and check.fix == "install it"
    assert found.passed is passes


def smoke(**altered: SmokeRun | int | None) -> Observations:
    assert isinstance(SEEN.smoke, SmokeFacts)
    return replace(SEEN, smoke=replace(SEEN.smoke, **altered))  # type: ignore[arg-type]


FAILED = SmokeRun(
    status=JobStatus(state=JobState.FAILED, reason="exit 1", log_tail="one\ntwo\nModuleNotFoundError: torch"),
    by_hand="by hand",
)
REFUSED = SmokeRun(
    status=ENDED,
    by_hand="by hand",
    answer=PredictionsRefused(job=JobId("smoke"), reason="3 predictions are not finite"),
)
SAME = SmokeRun(status=ENDED, by_hand="by hand", predictions="a")
TRAIN_DIRTY = RepositoryFacts(path="/r", commit="c" * 40, files=("workload.toml",), dirty=("train.py",))


@pytest.mark.parametrize(
    ("seen", "name", "told"),
    [
        (replace(SEEN, repository=TRAIN_DIRTY), "committed", "train.py"),
        (replace(SEEN, repository=replace(TRAIN_DIRTY, files=())), "committed", "workload.toml is not committed"),
        (replace(SEEN, interpreter=Trouble("no python", "make one")), "interpreter", "no python"),
        (replace(SEEN, data=Trouble("no label", "name one")), "data", "no label"),
        (replace(SEEN, smoke=Trouble("not tried", "mend")), "smoke run", "not tried"),
        (smoke(plain=FAILED, stated=None, reseeded=None), "smoke run", "ModuleNotFoundError: torch"),
        (smoke(plain=REFUSED), "predictions", "not finite"),
        (smoke(reseeded=SAME), "seed", "the very same predictions"),
        (smoke(reseeded=FAILED), "seed", "exit 1"),
        (smoke(stated=FAILED), "levers", "exit 1"),
        (replace(SEEN, machine=replace(SEEN.machine, missing=("flock",))), "backend", "flock"),
        (replace(SEEN, machine=replace(SEEN.machine, free_bytes=10**6)), "disk", "0.0 GB free"),
        (replace(SEEN, machine=replace(SEEN.machine, data_bytes=10**12)), "disk", "needed"),
        (smoke(job_bytes=10**11), "disk", "needed"),
    ],
)
def test_what_blocks(seen: Observations, name: str, told: str) -> None:
    check = of(seen, name)
    assert not check.ok and check.blocking and check.fix
    assert told in check.detail
    assert not listed(seen).passed


@pytest.mark.parametrize(
    ("seen", "name", "told"),
    [
        (
            replace(SEEN, repository=replace(SEEN.repository, untracked=tuple("abcdefg"))),
            "untracked",
            "a, b, c, d, e and 2 more",
        ),
        (replace(SEEN, repository=replace(SEEN.repository, submodules=("sub",))), "submodules", "sub"),
        (
            replace(SEEN, repository=replace(SEEN.repository, files=("workload.toml", "data/log.csv"))),
            "labels",
            "committed",
        ),
        (replace(SEEN, workload=replace(WORKLOAD, editable=("modle/",))), "paths", "no file matches modle/"),
        (replace(SEEN, interpreter=replace(PYTHON, shared=True)), "environment", "rea's own"),
        (replace(SEEN, interpreter=replace(PYTHON, editable=("pkg",))), "installed", "pkg"),
        (smoke(stated=replace(SAME, predictions="z")), "levers", "not the training's own"),
        (replace(SEEN, machine=replace(SEEN.machine, memory_bytes=10**9)), "memory", "the machine has 1.0 GB"),
        (replace(SEEN, machine=replace(SEEN.machine, timer="")), "timer", "nothing wakes"),
    ],
)
def test_what_is_told_and_does_not_block(seen: Observations, name: str, told: str) -> None:
    check = of(seen, name)
    assert not check.ok and not check.blocking and check.fix
    assert told in check.detail
    assert listed(seen).passed


def test_the_budget_has_to_cover_the_first_jobs() -> None:
    assert hold_ms(WORKLOAD) == 95_000
    least = 2 * Policy().slots * 95_000
    assert of(SEEN, "budget", least).ok
    assert not of(SEEN, "budget", least - 1).ok
    assert not of(SEEN, "budget", 0).ok and "none was given" in of(SEEN, "budget", 0).detail


def test_signing_never_grants_more_than_half_nor_more_than_calibration_can_take() -> None:
    worst = Policy().calibration_seeds * 2 * 95_000
    assert calibration_allowance(WORKLOAD, Policy(), 10 * worst) == worst
    assert calibration_allowance(WORKLOAD, Policy(), worst) == worst // 2


@pytest.mark.parametrize(
    "altered",
    [
        replace(SEEN, workload=replace(WORKLOAD, name="other")),
        replace(SEEN, repository=replace(SEEN.repository, commit="e" * 40)),
        replace(SEEN, data=DataFacts(path="p", generated=False, sealed=replace(SEALED, fingerprint=Digest("e")))),
        replace(SEEN, data=DataFacts(path="p", generated=False, sealed=replace(SEALED, judge_digest=Digest("e")))),
        replace(SEEN, judge_code="2"),
        replace(SEEN, interpreter=replace(PYTHON, fingerprint="0" * 64)),
    ],
)
def test_everything_that_counts_is_in_the_digest(altered: Observations) -> None:
    assert listed(altered).digest != listed(SEEN).digest
    assert listed(SEEN, HOUR_MS + 1).digest != listed(SEEN).digest
