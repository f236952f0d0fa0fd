"""The judge as a process: what it is asked, what it answers, and what it says when it cannot."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import msgspec
import numpy as np
import pytest
from executor.contract.jobs import eventually
from judge.logs import DATA, WORKLOAD, Campaign
from sklearn.metrics import log_loss, roc_auc_score

from rea.domain.action import ArmPair
from rea.domain.errors import IntegrityError, JudgeRefused, ReaError, WorkloadError
from rea.domain.event import Measured, PredictionsRefused
from rea.domain.evidence import Rows
from rea.domain.experiment import Purpose
from rea.domain.ids import ExperimentId, JobId
from rea.domain.workload import Bound, MetricName
from rea.judge import desk
from rea.judge.desk import environment
from rea.judge.process import ProcessJudge
from rea.judge.request import Answer, Comparing, Request
from rea.ports import Judge

pytestmark = pytest.mark.real


def pair(arm: tuple[JobId, ...], baseline: tuple[JobId, ...]) -> ArmPair:
    return ArmPair(experiment=ExperimentId("e1"), jobs=arm, baseline=ExperimentId("e0"), baseline_jobs=baseline)


def by_name(measured: Measured | PredictionsRefused) -> dict[str, float]:
    assert isinstance(measured, Measured), measured
    return {f"{m.metric}{m.slice and '@' + m.slice}": m.value for m in measured.measurements}


def test_is_a_judge(campaign: Campaign) -> None:
    judge: Judge = campaign.judge()
    assert isinstance(judge, ProcessJudge)


def test_measures_on_the_sealed_labels(campaign: Campaign) -> None:
    job = campaign.run("a", seed=1)
    found = by_name(campaign.judge().measure([job])[0])
    labels = dict(zip(campaign.table["impression"].to_pylist(), campaign.table["click"].to_pylist(), strict=True))
    view = campaign.to_predict()
    logit = view["logit"].to_numpy() + 0.5 * np.random.default_rng(1).normal(size=len(view))
    label, prediction = np.array([labels[i] for i in view["impression"].to_pylist()]), 1 / (1 + np.exp(-logit))
    assert found["log_loss"] == pytest.approx(log_loss(label, prediction))
    assert found["auc"] == pytest.approx(roc_auc_score(label, prediction))
    assert {"ne", "gauc", "calibration", "ne@device=phone", "calibration@day=4"} <= set(found)
    assert "ne@device=tv" not in found  # too few rows to say anything


def test_answers_in_the_order_asked_and_again_the_same(campaign: Campaign) -> None:
    a, b = campaign.run("a", seed=1), campaign.run("b", seed=2)
    campaign.out("c")
    campaign.seeds[JobId("c")], campaign.purposes[JobId("c")] = 3, Purpose.SELECT
    first = campaign.judge().measure([b, JobId("c"), a])
    assert [type(each) for each in first] == [Measured, PredictionsRefused, Measured]
    shutil.rmtree(campaign.out("a"))  # whatever becomes of the job's files, what was accepted stands
    assert campaign.judge().measure([b, JobId("c"), a]) == first


def test_fifty_lying_jobs_change_nothing(campaign: Campaign) -> None:
    """Claims of AUC .99, in every file a job can write, leave every measurement as it would be without them."""
    jobs = [campaign.run(f"j{i}", seed=i) for i in range(50)]
    honest = [by_name(each) for each in campaign.judge().measure(jobs)]
    shutil.rmtree(campaign.directory / "judged")
    lie = {"auc": 0.99, "ne": 0.01, "measurements": [{"metric": "auc", "value": 0.99}], "nan": float("nan")}
    for job in jobs:
        for name in ("metrics.json", "answer.json", "predictions.json", "judge.npz", "log"):
            (campaign.out(job) / name).write_text(json.dumps(lie))
    lied = campaign.judge().measure(jobs)
    assert [by_name(each) for each in lied] == honest
    assert all(isinstance(each, Measured) and each.claims == (("auc", 0.99), ("ne", 0.01)) for each in lied)


def test_compares_arms(campaign: Campaign) -> None:
    good = tuple(campaign.run(f"g{i}", seed=i, noise=0.3) for i in range(3))
    bad = tuple(campaign.run(f"b{i}", seed=10 + i, noise=0.9) for i in range(3))
    judge = campaign.judge()
    judge.measure([*good, *bad])
    (found,) = judge.compare([pair(good, bad)], Rows.JUDGE, False)
    assert found.metric == "ne" and found.effect > 4 * found.row_variance**0.5
    assert np.mean(found.seeds) == pytest.approx(found.effect) and np.mean(found.baseline_seeds) == pytest.approx(
        0, abs=1e-12
    )
    assert (found.jobs, found.baseline_jobs, found.row_count) == (good, bad, campaign.sealed.judge)
    guarded = judge.compare([pair(good, bad)], Rows.JUDGE, True)
    assert [f"{c.metric}@{c.slice}" for c in guarded][:2] == ["ne@", "calibration@"]
    assert sorted(c.slice for c in guarded if c.metric == "auc") == ["device=phone", "device=tablet"]


def test_test_rows_are_read_by_compare_alone(campaign: Campaign) -> None:
    arm = tuple(campaign.run(f"a{i}", seed=i, purpose=Purpose.CONFIRM, noise=0.3) for i in range(2))
    base = tuple(campaign.run(f"b{i}", seed=9 + i, purpose=Purpose.CONFIRM, noise=0.9) for i in range(2))
    test_labels = campaign.directory / "sealed" / "test.npz"
    hidden = test_labels.rename(test_labels.with_suffix(".away"))
    judge = campaign.judge()
    assert all(isinstance(each, Measured) for each in judge.measure([*arm, *base]))
    assert judge.compare([pair(arm, base)], Rows.JUDGE, False)[0].row_count == campaign.sealed.judge
    with pytest.raises(IntegrityError, match=r"test\.npz"):
        judge.compare([pair(arm, base)], Rows.TEST, False)
    hidden.rename(test_labels)
    (found,) = judge.compare([pair(arm, base)], Rows.TEST, False)
    assert found.row_count == campaign.sealed.test and found.rows is Rows.TEST and found.effect > 0


def test_a_selecting_job_has_no_test_predictions(campaign: Campaign) -> None:
    a, b = campaign.run("a", seed=1), campaign.run("b", seed=2)
    campaign.judge().measure([a, b])
    with pytest.raises(JudgeRefused, match="no accepted predictions of the test rows"):
        campaign.judge().compare([pair((a,), (b,))], Rows.TEST, False)


def test_the_bound_is_the_oracles_else_the_workloads(campaign: Campaign, tmp_path: Path) -> None:
    job = campaign.run("a", seed=1)
    ne = by_name(campaign.judge().measure([job])[0])["ne"]
    bound = campaign.judge().bound(Rows.JUDGE)
    assert bound is not None and 0.5 < bound < ne
    from rea.judge.seal import seal

    blind = replace(DATA, oracle="")
    seal(blind, tmp_path / "log.parquet", tmp_path / "blind", 11)
    workload = replace(WORKLOAD, data=blind, bound=Bound(value=0.7))
    judge = ProcessJudge(directory=tmp_path / "blind", workload=workload, meta=campaign.meta)
    assert judge.bound(Rows.TEST) == 0.7
    assert replace(judge, workload=replace(workload, bound=None)).bound(Rows.TEST) is None


def test_a_metric_that_is_not_defined_is_named(campaign: Campaign, tmp_path: Path) -> None:
    from rea.judge.seal import seal

    plain = replace(DATA, group="")
    seal(plain, tmp_path / "log.parquet", tmp_path / "plain", 11)
    workload = replace(WORKLOAD, data=plain, primary=MetricName.GAUC)
    judge = ProcessJudge(directory=tmp_path / "plain", workload=workload, meta=campaign.meta)
    with pytest.raises(WorkloadError, match=r"needs \[data\] group"):
        judge.bound(Rows.JUDGE)


def test_altered_archives_are_noticed(campaign: Campaign) -> None:
    job = campaign.run("a", seed=1)
    campaign.judge().measure([job])
    kept = campaign.directory / "judged" / "a.npy"
    np.save(kept, np.load(kept) * 0.9)
    with pytest.raises(IntegrityError, match="changed after they were accepted"):
        campaign.judge().measure([job])


def test_a_judge_that_breaks_says_how(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    job = campaign.run("a", seed=1)
    with pytest.raises(ReaError, match="did not answer"):
        replace(campaign.judge(), timeout_s=0.001).measure([job])
    monkeypatch.setattr("rea.judge.desk.sys.executable", "/bin/false")
    with pytest.raises(ReaError, match="ended with 1 and no answer"):
        campaign.judge().measure([job])


def test_one_process_answers_until_nobody_can_ask_any_more(campaign: Campaign) -> None:
    job, judge = campaign.run("a", seed=1), campaign.judge()
    first = judge.measure([job])
    pid = process_of(judge)
    assert judge.compare([pair((job,), (job,))], Rows.JUDGE, True) and process_of(judge) == pid
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ReaError, match="ended with -9 and no answer"):
        judge.measure([job])
    assert judge.measure([job]) == first  # another was started
    pid = process_of(judge)
    del judge
    assert not Path(f"/proc/{pid}").exists()


def test_an_answer_that_nobody_waited_for_answers_nothing_else(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted by a person, and then asked something else."""
    job, judge = campaign.run("a", seed=1), campaign.judge()
    (measured,) = judge.measure([job])

    def interrupted(process: "subprocess.Popen[bytes]", request: bytes) -> bytes:
        assert process.stdin is not None
        process.stdin.write(request + b"\n")
        process.stdin.flush()
        raise KeyboardInterrupt

    with monkeypatch.context() as planted, pytest.raises(KeyboardInterrupt):
        planted.setattr(desk, "_told", interrupted)
        judge.bound(Rows.JUDGE)
    assert judge.measure([job]) == [measured]


def test_it_ends_with_a_wake_that_is_killed(campaign: Campaign) -> None:
    asked = Request(question=campaign.judge()._question(), bound=Rows.JUDGE)
    program = (
        "import sys, time; from rea.judge.desk import Desk; desk = Desk(); desk.ask(sys.argv[1].encode(), 60); "
        "print(desk._process.pid, flush=True); time.sleep(600)"
    )
    argv = [sys.executable, "-c", program, msgspec.json.encode(asked).decode()]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as asker:
        assert asker.stdout is not None
        judge = Path(f"/proc/{int(asker.stdout.readline())}")
        assert b"rea.judge" in commandline(judge)
        asker.kill()
    assert eventually(lambda: not commandline(judge))


def commandline(process: Path) -> bytes:
    """Return what a process was started with, nothing where it has ended."""
    try:
        return (process / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def process_of(judge: ProcessJudge) -> int:
    assert judge.desk._process is not None
    return judge.desk._process.pid


def test_secrets_of_ours_do_not_reach_the_judge(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    assert "TOKEN" not in environment()


def test_loads_only_what_it_is_asked_for(campaign: Campaign) -> None:
    """A wake waits for the judge twice after nearly every job: comparing needs no Arrow, and measuring no pandas, though it is installed here."""
    assert find_spec("pandas") is not None
    judge, (arm, base) = campaign.judge(), (campaign.run("a", seed=1), campaign.run("b", seed=2))
    asked = Comparing(pairs=(pair((arm,), (base,)),), rows=Rows.JUDGE, guardrails=True)
    runs = tuple(map(judge._run, (arm, base)))
    measuring = loaded(Request(question=judge._question(), measure=runs))
    comparing = loaded(Request(question=judge._question(), compare=asked))
    assert "pyarrow" in measuring and "pandas" not in measuring
    assert "numpy" in comparing and not {"pyarrow", "pandas"} & comparing


def loaded(request: Request) -> set[str]:
    """Return what a judge's process has loaded when it has answered."""
    program = "import sys; from rea.judge.__main__ import answered; print(answered(sys.stdin.buffer.read()).decode()); print(*sys.modules)"
    argv, asked = [sys.executable, "-P", "-c", program], msgspec.json.encode(request)
    said = subprocess.run(argv, env=environment(), input=asked, capture_output=True, check=True).stdout.splitlines()
    assert msgspec.json.decode(said[0], type=Answer).failure is None
    return set(said[1].decode().split())


def test_starts_fast(campaign: Campaign) -> None:
    job = campaign.run("a", seed=1)
    began = time.perf_counter()
    campaign.judge().measure([job])
    assert time.perf_counter() - began < 5.0  # about 0.4 s on an idle machine
