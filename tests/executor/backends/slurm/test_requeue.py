"""Preempted and started again by Slurm itself: the same job, one reservation, on from its own checkpoint."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from executor.backends.slurm.cluster import Cluster
from executor.backends.slurm.rig import SlurmRig

from rea.domain.ids import JobId
from rea.domain.job import JobState, Launch
from rea.executor.backends.slurm import Options, SlurmBackend, script
from rea.testing.conformance_backend import Work, real_starts, real_until

pytestmark = pytest.mark.real
J = JobId("e1.validation.s0.a0")

# counts to 60 in tenths of a second, from the checkpoint where it is told of one, and keeps one as it goes
COUNTING = """
echo began >>"$1"; cd "$2" || exit 9; count=0
[ "$3" != --resume ] || read -r count <"$4"
echo "from $count"
while [ "$count" -lt 60 ]; do
  sleep 0.1; count=$((count + 1)); echo "$count" >half; mv half checkpoint
done
echo "result $count"
"""


@pytest.fixture
def rig(cluster: Cluster, tmp_path: Path) -> Iterator[SlurmRig]:
    yield SlurmRig(cluster, tmp_path / "jobs")
    cluster.command("scancel", "--partition=high")


def counting(rig: SlurmRig, time_limit_s: int = 60) -> Launch:
    told = rig.launch(J, Work(time_limit_s=time_limit_s))
    out = Path(told.directory) / "out"
    argv = (*told.argv[:2], COUNTING, "sh", told.argv[4], str(out))
    again = ("--resume", str(out / "checkpoint"))
    return replace(told, argv=argv, checkpoint=str(out / "checkpoint"), restart=(*argv, *again))


def backend_of(rig: SlurmRig, words: str) -> SlurmBackend:
    return replace(rig.backend(), options=Options.of(f"--partition=low --exclusive {words}"))


def preempt(rig: SlurmRig, backend: SlurmBackend, launch: Launch) -> None:
    """Wait until the job has a checkpoint worth keeping, then let a job of more weight take its node for a moment."""
    backend.submit(launch)
    saved = Path(launch.checkpoint)
    assert real_until(lambda: saved.exists() and int(saved.read_text() or 0) >= 20)
    script = str(Path(__file__).with_name("high.sh"))
    assert rig.cluster.command("sbatch", "--partition=high", "--exclusive", "--output=/dev/null", script)
    assert real_until(lambda: backend.poll([J])[J].state is not JobState.RUNNING)
    assert real_until(lambda: all(e.word != "COMPLETING" for e in rig.client.queue()))
    for entry in rig.client.queue():
        if (
            entry.name == backend.key(J) and entry.word == "PENDING"
        ):  # Slurm lets two minutes pass before it starts one again
            rig.cluster.command("scontrol", "update", f"JobId={entry.number}", "StartTime=now")


def ended(backend: SlurmBackend):  # type: ignore[no-untyped-def]
    assert real_until(lambda: backend.poll([J])[J].state.ended, 90), backend.poll([J])[J]
    return backend.poll([J])[J]


def test_a_preempted_job_is_started_again_from_its_checkpoint_and_is_one_job(rig: SlurmRig) -> None:
    backend, told = backend_of(rig, "--requeue"), counting(rig)
    preempt(rig, backend, told)
    waiting = backend.poll([J])[J]
    assert not waiting.state.ended
    status = ended(backend)
    assert (status.state, status.reason) == (JobState.SUCCEEDED, "exit 0")
    *lines, result = status.log_tail.splitlines()
    starts = [int(line.removeprefix("from ")) for line in lines if line.startswith("from ")]
    assert starts[0] == 0 and min(starts[1:]) >= 20, lines  # a busy machine may preempt it more than once
    assert starts == sorted(starts)
    assert result == "result 60"
    assert real_starts(rig.root, J) == len(starts)
    assert len([e for e in rig.client.queue() if e.name == backend.key(J)]) == 1
    assert status.seconds >= 6 - 0.5  # both starts are paid for


def test_without_being_asked_to_a_preempted_job_is_lost_and_starts_no_second_time(rig: SlurmRig) -> None:
    backend = backend_of(rig, "")
    preempt(rig, backend, counting(rig))
    status = ended(backend)
    assert (status.state, status.reason) == (JobState.LOST, "PREEMPTED")
    assert real_starts(rig.root, J) == 1


def test_all_starts_together_have_one_time_limit(rig: SlurmRig) -> None:
    """Else a job that is preempted again and again spends its reservation again and again."""
    backend, told = backend_of(rig, "--requeue"), counting(rig, time_limit_s=5)
    preempt(rig, backend, told)
    status = ended(backend)
    assert (status.state, status.reason) == (JobState.FAILED, "time_limit")
    assert 4 <= status.seconds <= 5 + 2


@pytest.mark.parametrize(
    ("guard", "instead"),
    [("mv claim", "true"), ("_time=$((_time - _spent))", "_time=$((_time - 0))")],
    ids=["claim not taken back", "limit not shared"],
)
def test_planted_bugs_in_the_requeue_script_are_seen(
    rig: SlurmRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guard: str, instead: str
) -> None:
    text = script.REQUEUE.read_text()
    assert guard in text
    planted = tmp_path / "requeue.sh"
    planted.write_text(text.replace(guard, instead))
    monkeypatch.setattr(script.again, "__defaults__", (planted,))
    broken = test_all_starts_together_have_one_time_limit
    with pytest.raises(AssertionError):
        broken(rig)


def test_another_job_never_takes_a_claim_that_is_not_its_own(rig: SlurmRig, tmp_path: Path) -> None:
    """A second submission of the same job, restarted for whatever reason, finds the claim in other hands."""
    backend, told = backend_of(rig, "--requeue"), counting(rig)
    preempt(rig, backend, told)
    claim = Path(told.directory) / "control" / "claim"
    *words, number = claim.read_text().split()
    claim.write_text(" ".join((*words, str(int(number) + 1))) + "\n")
    status = ended(backend)
    assert status.state is JobState.LOST
    assert real_starts(rig.root, J) == 1
