"""GPUs as the cluster hands them out, and job arrays of the user's own beside our jobs, on a real cluster of one node with two GPUs."""

from dataclasses import replace
from pathlib import Path

import pytest
from executor.backends.slurm.cluster import Cluster
from executor.backends.slurm.rig import SlurmRig

from rea.domain.errors import BackendUnreachable
from rea.domain.ids import JobId
from rea.domain.job import JobState, Launch
from rea.executor.backends.slurm import Options, SlurmBackend, reading, script
from rea.executor.backends.slurm.client import Entry, named
from rea.testing.conformance_backend import LONG_S, Work, look, settled

pytestmark = pytest.mark.real
WAYS = ("--gres=gpu:{devices}", "--gpus={devices}", "--gpus-per-node={devices}")
SAYS = 'echo "${CUDA_VISIBLE_DEVICES-none} $(date +%s.%N)"; sleep 1; date +%s.%N'


@pytest.fixture
def rig(cluster: Cluster, tmp_path: Path) -> SlurmRig:
    return SlurmRig(cluster, tmp_path / "jobs")


def asking(rig: SlurmRig, options: str) -> SlurmBackend:
    return replace(rig.backend(), options=Options.of(options))


def saying(rig: SlurmRig, name: str) -> Launch:
    return replace(rig.launch(name, Work()), argv=("/bin/bash", "-c", SAYS))


def overlapping(rig: SlurmRig, jobs: list[JobId]) -> list[tuple[str, str]]:
    """Return the devices of every two jobs that ran at one time."""
    told = [settled(rig, job).log_tail.split() for job in jobs]
    spans = [(device, float(began), float(ended)) for device, began, ended in told]
    return [(a[0], b[0]) for n, a in enumerate(spans) for b in spans[:n] if a[1] < b[2] and b[1] < a[2]]


@pytest.mark.parametrize("way", WAYS)
def test_no_gpu_is_shared_however_it_is_asked_for(rig: SlurmRig, way: str) -> None:
    jobs = [JobId(f"j{n}") for n in range(3)]
    for job in jobs:
        asking(rig, way).submit(saying(rig, job))
    pairs = overlapping(rig, jobs)
    assert all(a != b for a, b in pairs), pairs
    assert {settled(rig, job).log_tail.split()[0] for job in jobs} == {"0", "1"}


def test_planted_jobs_that_ask_for_no_gpu_run_beside_each_other_without_one(rig: SlurmRig) -> None:
    jobs = [JobId(f"j{n}") for n in range(3)]
    for job in jobs:
        rig.backend().submit(saying(rig, job))
    assert ("none", "none") in overlapping(rig, jobs)


@pytest.mark.parametrize("planted", [False, True], ids=["stays new", "planted: what Slurm keeps of it is believed"])
def test_what_slurm_refused_stays_new(rig: SlurmRig, monkeypatch: pytest.MonkeyPatch, planted: bool) -> None:
    """Asked for more GPUs than there are, sbatch says no, and yet the controller remembers a job that FAILED 0:1."""
    told = rig.launch("j0", Work())
    with pytest.raises(BackendUnreachable, match="Requested node configuration is not available"):
        asking(rig, WAYS[1]).submit(replace(told, devices=3))
    if planted:
        monkeypatch.setattr(reading, "refused", lambda handed_over, entry: False)
        monkeypatch.setattr(Entry, "refused", property(lambda entry: False))
        assert look(rig, told.job).state is JobState.FAILED
        return
    assert look(rig, told.job).state is JobState.RESERVED
    asking(rig, WAYS[1]).submit(told)
    assert settled(rig, told.job).state is JobState.SUCCEEDED
    assert rig.starts(told.job) == 1


@pytest.mark.parametrize("planted", [False, True], ids=["beside", "planted: the wake wants a GPU"])
def test_a_wake_needs_no_gpu(rig: SlurmRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: bool) -> None:
    """All GPUs are taken by the next job when the wake is due: one that wanted its own would wait for hours."""
    if planted:
        monkeypatch.setattr(Options, "of_wake", lambda self: ("--gres=gpu:2", "--no-requeue"))
    woken, first, next_ = tmp_path / "woken", JobId("first"), JobId("next")
    backend = replace(asking(rig, WAYS[0]), wake=("/usr/bin/touch", str(woken)))
    backend.submit(replace(rig.launch(first, Work(seconds=1)), devices=2))
    asking(rig, WAYS[0]).submit(replace(rig.launch(next_, Work(seconds=LONG_S)), devices=2))
    if planted:
        name = f"{backend.key(first)}.wake"
        assert rig.until(lambda: rig.starts(next_) == 1 or woken.exists())
        assert woken.exists() or waits(rig, name)
        rig.client.cancel(name)
    else:
        assert rig.until(lambda: woken.exists() and rig.starts(next_) == 1)
    rig.backend().cancel(next_)
    assert settled(rig, next_).state is JobState.CANCELLED


def waits(rig: SlurmRig, name: str) -> bool:
    return rig.until(lambda: any(e.name == name and e.reason in ("Resources", "Priority") for e in rig.client.queue()))


def test_arrays_of_the_users_own_are_read_and_left_alone(rig: SlurmRig) -> None:
    """Waiting tasks of an array are one line with a number of its own, running ones a line each; none of them is ours."""
    mine, words = JobId("mine"), ("--array=0-5%2", "--job-name=sweep", "--output=/dev/null", str(script.RUN))
    rig.cluster.command("scontrol", "update", "PartitionName=low", "State=DOWN")
    try:
        number = rig.client.submit((*words, "/bin/sleep", "60"), {"PATH": "/usr/bin:/bin"})
        rig.backend().submit(rig.launch(mine, Work(seconds=2)))
        (waiting,) = [entry for entry in rig.client.queue() if entry.name == "sweep"]
        assert (waiting.number, waiting.word) == (number, "PENDING")
        assert look(rig, mine).reason.startswith("PENDING: ")
    finally:
        rig.cluster.command("scontrol", "update", "PartitionName=low", "State=UP")
    assert settled(rig, mine).state is JobState.SUCCEEDED
    assert rig.until(lambda: [e.word for e in rig.client.queue() if e.name == "sweep"].count("RUNNING") == 2)
    rig.backend().cancel(mine)
    rig.client.cancel(rig.backend().key(mine))
    assert {e.word for e in rig.client.queue() if e.name == "sweep"} == {"RUNNING", "PENDING"}
    rig.cluster.command("scancel", number)
    assert rig.starts(mine) == 1


@pytest.mark.parametrize("number", ["46_3", "46_[0-19%2]", "46_[1,3-5]", "46+1", ""])
def test_numbers_of_arrays_are_no_identity_and_break_nothing(number: str) -> None:
    """As sacct writes them."""
    told = [Entry(number, "RUNNING", "sweep"), Entry("46", "PENDING", "sweep"), Entry("7", "COMPLETED", "k")]
    assert named(told, "k") == told[2]
    assert named([replace(told[0], name="k"), told[2]], "k") == replace(told[0], name="k")
