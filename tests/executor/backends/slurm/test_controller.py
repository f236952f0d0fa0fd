"""The controller is killed as by a power cut, around submissions: no job twice, none lost without a word; numbers come again."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from executor.backends.slurm import test_slurm_backend as told_by
from executor.backends.slurm.cluster import Cluster
from executor.backends.slurm.rig import SlurmRig

from rea.domain.errors import BackendUnreachable
from rea.domain.ids import JobId
from rea.domain.job import JobState
from rea.executor.backends.slurm import SlurmBackend
from rea.executor.backends.slurm import backend as backend_module
from rea.executor.backends.slurm.client import Entry
from rea.testing.conformance_backend import LONG_S, Work, look, settled, under_way

pytestmark = pytest.mark.real
ROUNDS = int(os.environ.get("REA_SLURM_KILLS", "4"))  # a controller takes some seconds to come back


@pytest.fixture
def rig(own_cluster: Cluster, tmp_path: Path) -> SlurmRig:
    return SlurmRig(own_cluster, tmp_path / "jobs")


def cut_short(rig: SlurmRig, tmp_path: Path) -> SlurmBackend:
    """Return a backend whose controller dies when it has taken a job and before that is told."""
    bin_ = tmp_path / "bin"
    bin_.mkdir(exist_ok=True)
    for name in ("squeue", "scancel", "scontrol"):
        (bin_ / name).unlink(missing_ok=True)
        (bin_ / name).symlink_to(str(shutil.which(name)))
    shim = bin_ / "sbatch"
    number = rig.cluster.servers["slurmctld"].pid
    shim.write_text(f'#!/bin/sh\n{shutil.which("sbatch")} "$@" >/dev/null || exit\nkill -9 {number}; exit 1\n')
    shim.chmod(0o755)
    return replace(rig.backend(), client=replace(rig.client, path=f"{bin_}:/usr/bin:/bin"))


def restart(rig: SlurmRig, *, forgetting: bool) -> None:
    """Start the controller again, with what it had saved, or as when it had saved nothing of its jobs yet."""
    rig.cluster.kill_controller()
    if forgetting:
        for saved in (rig.cluster.place / "state").glob("job_state*"):
            saved.unlink()
    rig.cluster.start_controller()
    assert rig.until(rig.cluster.ready)


def reconciled(rig: SlurmRig, jobs: list[JobId]) -> bool:
    """Do what every wake does: look, and submit what the backend says it does not have. Tell whether all have ended."""
    seen = rig.backend().poll(jobs)
    for job, status in seen.items():
        if status.state is JobState.RESERVED:
            try:
                rig.backend().submit(rig.launch(job, Work()))
            except BackendUnreachable:
                continue
    return all(status.state.ended for status in seen.values())


def test_killed_between_submission_and_acknowledgement_each_job_runs_once(rig: SlurmRig, tmp_path: Path) -> None:
    jobs, dice = [JobId(f"j{n}") for n in range(ROUNDS)], Random(5)
    for job in jobs:
        with pytest.raises(BackendUnreachable):
            cut_short(rig, tmp_path).submit(rig.launch(job, Work()))
        assert look(rig, job).state is not JobState.FAILED
        restart(rig, forgetting=dice.random() < 0.5)
    assert rig.until(lambda: reconciled(rig, jobs))
    assert {job: settled(rig, job).state for job in jobs} == dict.fromkeys(jobs, JobState.SUCCEEDED)
    assert {job: rig.starts(job) for job in jobs} == dict.fromkeys(jobs, 1)


def by_number(entries: tuple[Entry, ...], key: str) -> Entry | None:
    """The planted bug: whatever has the number that our job once had is taken for our job."""
    return next((entry for entry in entries if entry.number == "1"), None)


@pytest.mark.parametrize("planted", [False, True], ids=["by key", "planted: by number"])
def test_a_number_that_is_given_away_again_is_no_job_of_ours(
    rig: SlurmRig, monkeypatch: pytest.MonkeyPatch, planted: bool
) -> None:
    mine, other = JobId("mine"), JobId("other")
    rig.cluster.command("scontrol", "update", "PartitionName=low", "State=DOWN")
    rig.backend().submit(rig.launch(mine, Work()))
    number = told_by.entries(rig, mine)[0].number
    restart(rig, forgetting=True)
    rig.backend().submit(rig.launch(other, Work(seconds=LONG_S)))
    assert told_by.entries(rig, other)[0].number == number == "1"
    assert told_by.entries(rig, mine) == []
    under_way(rig, rig.launch(other, Work(seconds=LONG_S)))
    if planted:
        monkeypatch.setattr(backend_module, "named", by_number)
        assert not rig.until_within(lambda: look(rig, mine).state is JobState.RESERVED, 6)
        return
    assert rig.until(lambda: look(rig, mine).state is JobState.RESERVED)
    rig.backend().submit(rig.launch(mine, Work()))
    assert settled(rig, mine).state is JobState.SUCCEEDED
    assert [rig.starts(mine), rig.starts(other)] == [1, 1]
    rig.backend().cancel(other)


def blind_poll(self: SlurmBackend, looks):  # type: ignore[no-untyped-def]
    """The planted bug: an outage is taken for a failure."""
    from rea.domain.job import JobStatus

    return {job: JobStatus(state=JobState.FAILED, reason="cannot be reached") for job in looks}


@pytest.mark.parametrize("planted", [False, True], ids=["waits", "planted: outage is failure"])
def test_a_controller_that_is_down_ends_no_job(rig: SlurmRig, monkeypatch: pytest.MonkeyPatch, planted: bool) -> None:
    rig.cluster.command("scontrol", "update", "PartitionName=low", "State=DOWN")
    jobs = [JobId("j0"), JobId("j1")]
    for job in jobs:
        rig.backend().submit(rig.launch(job, Work()))
    rig.cluster.servers["slurmctld"].kill()
    if planted:
        monkeypatch.setattr(SlurmBackend, "_asked", blind_poll)
    during = rig.backend().poll(jobs)
    assert {s.state for s in during.values()} == {JobState.FAILED if planted else JobState.UNKNOWN}
    assert planted or all("squeue" in s.reason for s in during.values())
    monkeypatch.undo()
    restart(rig, forgetting=False)
