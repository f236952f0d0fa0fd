"""A job whose processes are gone while Slurm still calls it running: flagged, waited for, told to a person, and never launched again on a guess."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from executor.backends.slurm.cluster import Cluster, daemon
from executor.backends.slurm.rig import SlurmRig
from executor.contract.jobs import processes_of, running

from rea.domain.ids import JobId
from rea.domain.job import JobState
from rea.executor.backends import reading
from rea.executor.backends.slurm import SlurmBackend
from rea.testing.conformance_backend import LONG_S, Work, settled, under_way

pytestmark = [pytest.mark.real, pytest.mark.slow]
J = JobId("e1.validation.s0.a0")


@pytest.fixture
def rig(own_cluster: Cluster, tmp_path: Path) -> SlurmRig:
    return SlurmRig(own_cluster, tmp_path / "jobs")


def node_dies(rig: SlurmRig) -> None:
    """Kill everything of the node and of the job at once, as a power cut does: nobody is left to tell the controller."""
    directory = rig.root / J
    leader, wrapper = running(directory), int((directory / "control" / "claim").read_text().split()[0])
    step = psutil.Process(wrapper).ppid()
    doomed = [rig.cluster.servers["slurmd"].pid, step, *processes_of(directory)]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in doomed:
            os.kill(pid, number)
        os.killpg(leader, number)
    rig.cluster.servers.pop("slurmd").wait()


def later(rig: SlurmRig, seconds: float) -> SlurmBackend:
    """Return the backend as of some time from now."""
    return replace(rig.backend(), now=lambda: time.time() + seconds)


def test_a_job_that_gives_no_sign_is_flagged_and_waited_for_until_a_person_says_it_is_over(rig: SlurmRig) -> None:
    told = rig.launch(J, Work(seconds=LONG_S))
    under_way(rig, told)
    node_dies(rig)
    (entry,) = (entry for entry in rig.client.queue() if entry.name == rig.backend().key(J))
    assert entry.word == "RUNNING", "it knows nothing yet"
    assert later(rig, 60).poll([J])[J].state is JobState.RUNNING, "a minute may be the file system's"
    status = later(rig, 600).poll([J])[J]
    assert status.silent and status.reason == "RUNNING, but no sign of it for 10 min"
    later(rig, 600).submit(told)
    assert rig.starts(J) == 1 and len([e for e in rig.client.queue() if e.name == entry.name]) == 1
    rig.cluster.servers["slurmd"] = daemon("slurmd", "-D", "-f", str(rig.cluster.conf))
    rig.client.cancel(entry.name)  # a person, who looked
    assert settled(rig, J).state is JobState.LOST


def test_a_job_that_lives_gives_signs(rig: SlurmRig) -> None:
    under_way(rig, rig.launch(J, Work(seconds=LONG_S)))
    assert not later(rig, 100).poll([J])[J].silent
    rig.backend().cancel(J)
    assert settled(rig, J).state is JobState.CANCELLED


def test_planted_bug_by_slurms_word_alone_it_runs_for_ever(rig: SlurmRig, monkeypatch: pytest.MonkeyPatch) -> None:
    under_way(rig, rig.launch(J, Work(seconds=LONG_S)))
    node_dies(rig)
    monkeypatch.setattr(reading, "SILENT_S", float("inf"))
    assert later(rig, 86_400).poll([J])[J].state is JobState.RUNNING
