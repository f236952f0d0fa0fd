"""A cluster of two real nodes, of which one fails whatever comes its way: set aside, the next job really goes to the other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from executor.backends.slurm.cluster import Cluster, running
from executor.backends.slurm.rig import SlurmRig

from rea.campaign.evolve import apply
from rea.domain.campaign import Campaign
from rea.domain.ids import JobId
from rea.domain.job import JobState, JobStatus, Launch
from rea.domain.records import NodeRecord
from rea.executor import nodes
from rea.testing.conformance_backend import Work, settled

pytestmark = [pytest.mark.real, pytest.mark.slow]
LEMON, SOUND = "n1", "n2"
ON_THE_LEMON = (
    f'test "$(cat "$1/control/node")" != {LEMON}'  # what a broken driver does: it fails there and nowhere else
)


@pytest.fixture(scope="module")
def two() -> Iterator[Cluster]:
    with running(names=(LEMON, SOUND)) as up:
        yield up


@pytest.fixture
def rig(two: Cluster, tmp_path: Path) -> SlurmRig:
    return SlurmRig(two, tmp_path / "jobs")


def launch(rig: SlurmRig, name: str, avoid: Sequence[str] = ()) -> Launch:
    told = rig.launch(name, Work())
    argv = ("/bin/sh", "-c", ON_THE_LEMON, "sh", told.directory)
    return replace(told, argv=argv, environment=(("PATH", "/usr/bin:/bin"),), avoid=tuple(avoid))


def run(rig: SlurmRig, name: str, avoid: Sequence[str] = ()) -> JobStatus:
    rig.backend().submit(launch(rig, name, avoid))
    return settled(rig, JobId(name))


def seen(rig: SlurmRig) -> Campaign:
    """Let both nodes run jobs, and return what a campaign remembers of them."""
    free = [run(rig, f"e1.select.s{n}.a0") for n in range(nodes.FAILURES)]
    away = [run(rig, f"e2.select.s{n}.a0", (LEMON,)) for n in range(nodes.ELSEWHERE)]
    assert {s.node for s in free} == {LEMON} and {s.node for s in away} == {SOUND}
    return Campaign(
        nodes={
            node: NodeRecord(failed=tuple(s.state is JobState.FAILED for s in (*free, *away) if s.node == node))
            for node in (LEMON, SOUND)
        }
    )


def test_what_is_set_aside_gets_no_more_jobs_and_the_other_does_them(rig: SlurmRig) -> None:
    c = seen(rig)
    assert nodes.avoided(c) == ()
    for event in nodes.step(c, now=10.0):
        apply(c, event)
    assert nodes.avoided(c) == (LEMON,)
    for n in range(2):
        status = run(rig, f"e3.select.s{n}.a0", nodes.avoided(c))
        assert (status.state, status.node) == (JobState.SUCCEEDED, SOUND)


def test_planted_bug_without_the_exclusion_the_lemon_is_sent_the_next_one_too(
    rig: SlurmRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "_set_aside", lambda c, now: ())
    c = seen(rig)
    assert nodes.step(c, now=10.0) == ()
    status = run(rig, "e3.select.s0.a0", nodes.avoided(c))
    assert (status.state, status.node) == (JobState.FAILED, LEMON)
