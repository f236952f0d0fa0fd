"""Jobs of ours that Slurm still runs, found by name when every trace of them here is gone; others' are not named."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from executor.backends.slurm.cluster import Cluster
from executor.backends.slurm.rig import SlurmRig
from executor.contract.jobs import delete

from rea.api import orphans
from rea.domain.errors import BackendUnreachable
from rea.domain.job import JobState
from rea.executor.backends.slurm import strays as module
from rea.executor.backends.slurm.strays import strays
from rea.settings import Settings
from rea.testing.conformance_backend import LONG_S, Work, look, under_way

pytestmark = pytest.mark.real


@pytest.fixture
def rig(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SlurmRig:
    for name in ("RAY_API_SERVER_ADDRESS", "REA_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SLURM_CONF", str(cluster.conf))
    return SlurmRig(cluster, tmp_path / "state" / "campaigns" / "c one" / "jobs")


def test_a_job_of_a_deleted_store_is_named_and_its_command_ends_it(rig: SlurmRig, tmp_path: Path) -> None:
    told = rig.launch("j0", Work(seconds=LONG_S))
    under_way(rig, told)
    stranger = rig.cluster.command("sbatch", "--parsable", "--job-name=theirs", "--wrap=sleep 60", "--chdir=/").strip()
    delete(tmp_path / "state")
    key = rig.backend().key(told.job)
    (orphan,) = (o for o in orphans.look(Settings(state=tmp_path / "state")).orphans if o.key == key)
    assert (orphan.backend, orphan.directory) == ("slurm", told.directory), "by its log, blanks and all"
    subprocess.run(orphan.cancel, shell=True, check=True)
    assert rig.until(lambda: key not in {stray.key for stray in strays(rig.client)})
    assert "theirs" in rig.cluster.command("squeue", "--noheader", "--format=%j", f"--jobs={stranger}")
    rig.cluster.command("scancel", stranger)


def test_planted_bug_jobs_that_are_looked_for_by_their_folders_are_missed(
    rig: SlurmRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = rig.launch("j1", Work(seconds=LONG_S))
    under_way(rig, told)
    delete(tmp_path / "state")
    key = rig.backend().key(told.job)
    assert key in {stray.key for stray in strays(rig.client)}
    monkeypatch.setattr(module, "ours", lambda name: any(name.endswith(p.name) for p in rig.root.glob("*")))
    assert key not in {stray.key for stray in strays(rig.client)}
    rig.client.cancel(key)


def test_what_has_ended_is_no_stray(rig: SlurmRig) -> None:
    told = rig.launch("j2", Work())
    rig.backend().submit(told)
    assert rig.until(lambda: look(rig, told.job).state is JobState.SUCCEEDED)
    key = rig.backend().key(told.job)
    assert rig.until(lambda: key not in {stray.key for stray in strays(rig.client)})


def test_a_cluster_that_cannot_be_asked_is_no_proof_of_anything(rig: SlurmRig) -> None:
    with pytest.raises(BackendUnreachable):
        strays(replace(rig.client, path="/nonexistent"))
