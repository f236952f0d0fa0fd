"""The accounting database knows what the controller has forgotten; without it, or with it down, nobody guesses."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from executor.backends.slurm import test_slurm_backend as told_by
from executor.backends.slurm.accounting import accounted
from executor.backends.slurm.cluster import Cluster
from executor.backends.slurm.rig import SlurmRig
from executor.backends.slurm.test_controller import restart
from executor.contract.jobs import running as leader_of

from rea.domain.ids import JobId
from rea.domain.job import JobState
from rea.executor.backends.slurm import Client
from rea.executor.backends.slurm.client import Entry
from rea.testing.conformance_backend import LONG_S, Work, look, settled, under_way

pytestmark = pytest.mark.real


@pytest.fixture
def kept() -> Iterator[Cluster]:
    with accounted() as up:
        yield up


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAccounts(Client):
    """The planted bug: does not look further than the controller."""

    def accounted(self, names: object, since: float) -> tuple[Entry, ...]:
        return ()


def test_a_job_that_the_controller_has_forgotten_is_found_in_the_accounts(kept: Cluster, tmp_path: Path) -> None:
    """One that was killed with its wrapper, and one that was cancelled in the queue; then the accounts go down too."""
    rig = SlurmRig(kept, tmp_path / "jobs")
    killed, cancelled = JobId("killed"), JobId("cancelled")
    under_way(rig, rig.launch(killed, Work(seconds=LONG_S)))
    directory = rig.root / killed
    os.kill(int((directory / "control" / "claim").read_text().split()[0]), signal.SIGKILL)
    os.killpg(leader_of(directory), signal.SIGKILL)
    assert settled(rig, killed).reason == "FAILED 0:9"
    kept.command("scontrol", "update", "PartitionName=low", "State=DOWN")
    rig.backend().submit(rig.launch(cancelled, Work()))
    kept.command("scancel", told_by.entries(rig, cancelled)[0].number)
    assert rig.until(lambda: look(rig, cancelled).state is JobState.LOST)
    assert rig.until(lambda: _accounts(kept) == {"FAILED|0:9", "CANCELLED|0:0"})

    restart(rig, forgetting=True)
    assert [told_by.entries(rig, job) for job in (killed, cancelled)] == [[], []]
    assert (look(rig, killed).state, look(rig, killed).reason) == (JobState.FAILED, "FAILED 0:9")
    assert (look(rig, cancelled).state, look(rig, cancelled).reason) == (JobState.LOST, "CANCELLED")

    rig.client = NoAccounts(conf=rig.client.conf)
    assert rig.until(
        lambda: look(rig, killed).state is JobState.LOST
    )  # planted: it would be retried as if a node had gone
    assert rig.until(lambda: look(rig, cancelled).state is JobState.RESERVED)  # planted: and this one submitted again
    rig.client = kept.client

    kept.servers["slurmdbd"].kill()
    kept.servers.pop("slurmdbd").wait()
    assert look(rig, killed).state is JobState.LOST  # by its files and the controller, which both say that nothing runs


def _accounts(cluster: Cluster) -> set[str]:
    lines = cluster.command("sacct", "-X", "-P", "-n", "-o", "State,ExitCode").splitlines()
    return {f"{line.split('|')[0].split()[0]}|{line.split('|')[1]}" for line in lines}
