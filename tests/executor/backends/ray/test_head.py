"""The head is killed and comes back with an empty job table: what ran is adopted or lost with a word, never run a second time."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from executor.backends.ray.cluster import Cluster
from executor.backends.ray.rig import RayRig
from executor.contract.jobs import running as leader_of

from rea.domain.errors import BackendUnreachable
from rea.domain.ids import JobId
from rea.domain.job import JobState, JobStatus
from rea.executor.backends.ray import Client, script, states
from rea.executor.backends.ray import backend as backend_module
from rea.executor.backends.reading import Look
from rea.executor.contract.spec import WRAPPER
from rea.testing.conformance_backend import LONG_S, Work, look, settled, under_way

pytestmark = pytest.mark.real
ROUNDS = int(os.environ.get("REA_RAY_KILLS", "1"))  # a head takes some ten seconds to come back
LONG, SHORT, GONE, WAITS, TIED = (JobId(name) for name in ("long", "short", "gone", "waits", "tied"))
DAY_S = 24 * 3600


@pytest.fixture
def rig(ray_cluster: Cluster, tmp_path: Path) -> RayRig:
    return RayRig(ray_cluster, tmp_path / "jobs")


def test_a_day_without_a_head_and_one_that_remembers_nothing(rig: RayRig, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(rig, monkeypatch)
    rig.cluster.kill()
    crash(rig, GONE)
    a_day_of_wakes(rig)
    an_outage_taken_for_failure_would_show(rig)
    rig.cluster.start()
    assert rig.until(lambda: look(rig, GONE).state is JobState.LOST)
    assert look(rig, GONE).reason == "no exit was recorded, and Ray does not list it"
    a_table_taken_for_the_truth_would_show(rig)
    rig.backend().submit(rig.launch(LONG, Work(seconds=LONG_S)))
    assert (look(rig, LONG).state, look(rig, SHORT).state) == (JobState.RUNNING, JobState.SUCCEEDED)
    assert look(rig, WAITS).state is JobState.RESERVED
    rig.backend().submit(rig.launch(WAITS, Work()))
    assert settled(rig, WAITS).state is JobState.SUCCEEDED
    rig.backend().cancel(LONG)
    assert settled(rig, LONG).state is JobState.CANCELLED
    assert {job: rig.starts(job) for job in (LONG, SHORT, GONE, WAITS)} == dict.fromkeys((LONG, SHORT, GONE, WAITS), 1)
    assert settled(rig, TIED).state is JobState.LOST, "a job that is not kept apart dies with the head: the plant"


def begin(rig: RayRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have three jobs run, one wait for room that there is not, and one run without being kept apart: the planted bug."""
    for job in (LONG, GONE):
        rig.backend().submit(rig.launch(job, Work(seconds=LONG_S)))
    waking = replace(rig.backend(), wake=("/usr/bin/touch", str(rig.root / "woken")))
    waking.submit(rig.launch(SHORT, Work(seconds=4.0)))
    with monkeypatch.context() as planted:
        planted.setattr(script, "APART", ())
        under_way(rig, rig.launch(TIED, Work(seconds=4.0)))
    rig.backend().submit(replace(rig.launch(WAITS, Work()), devices=99))
    assert rig.until(lambda: [rig.starts(job) for job in (LONG, GONE, SHORT)] == [1, 1, 1])


def crash(rig: RayRig, job: JobId) -> None:
    """As when the machine of this job dies with the head."""
    control = rig.root / job / "control"
    leader = leader_of(rig.root / job)
    os.kill(int((control / "claim").read_text().split()[0]), signal.SIGKILL)
    os.killpg(leader, signal.SIGKILL)


def a_day_of_wakes(rig: RayRig) -> None:
    """Wake every ten minutes of a virtual day: look at all jobs, and submit what is told to be new, as every wake does."""
    began, jobs = time.time(), (LONG, SHORT, GONE, WAITS)
    assert rig.until(lambda: look(rig, SHORT).state is JobState.SUCCEEDED)
    assert rig.until((rig.root / "woken").exists), "an end wakes, head or no head"
    for later in range(0, DAY_S, 600):
        backend = replace(rig.backend(), now=lambda later=later: began + later)  # type: ignore[misc]
        seen = backend.poll(jobs)
        assert [seen[job].state for job in (LONG, SHORT)] == [JobState.RUNNING, JobState.SUCCEEDED]
        assert [seen[job].state for job in (GONE, WAITS)] == [JobState.UNKNOWN] * 2
        assert all("could not be asked" in seen[job].reason for job in (GONE, WAITS))
    with pytest.raises(BackendUnreachable):
        rig.backend().submit(rig.launch(WAITS, Work()))
    assert [rig.starts(job) for job in jobs] == [1, 1, 1, 0]


def an_outage_taken_for_failure_would_show(rig: RayRig) -> None:
    with pytest.MonkeyPatch.context() as planted:
        failed = JobStatus(state=JobState.FAILED, reason="could not be asked")
        planted.setattr(backend_module, "unknown", lambda look, why: failed)
        with pytest.raises(AssertionError):
            a_day_of_wakes(rig)


def a_table_taken_for_the_truth_would_show(rig: RayRig) -> None:
    def new(look: Look, scheduler: str) -> JobStatus:
        return JobStatus(state=JobState.RESERVED)

    with pytest.MonkeyPatch.context() as planted:
        planted.setattr(backend_module, "forgotten", new)
        assert look(rig, GONE).state is JobState.RESERVED


@dataclass(frozen=True, slots=True, kw_only=True)
class CutShort(Client):
    """A head that dies when it has taken a job and before that is told."""

    kill: Callable[[], None]

    def submit(self, key: str, entrypoint: str, resources: object) -> None:
        Client.submit(self, key, entrypoint, {"entrypoint_num_cpus": 1})
        self.kill()
        raise BackendUnreachable("the connection was lost", "wait")


def reconciled(rig: RayRig, jobs: list[JobId]) -> bool:
    """Do what every wake does: look, and submit what the backend says it does not have. Tell whether all have ended."""
    seen = rig.backend().poll(jobs)
    for job, status in seen.items():
        if status.state is JobState.RESERVED:
            rig.backend().submit(rig.launch(job, Work()))
    return all(status.state.ended for status in seen.values())


def test_killed_between_submission_and_acknowledgement_each_job_runs_once(rig: RayRig) -> None:
    jobs = [JobId(f"j{n}") for n in range(ROUNDS)]
    for job in jobs:
        cut = replace(rig.backend(), client=CutShort(address=rig.client.address, patience_s=5, kill=rig.cluster.kill))
        with pytest.raises(BackendUnreachable):
            cut.submit(rig.launch(job, Work()))
        assert look(rig, job).state is not JobState.FAILED
        rig.cluster.start()
    assert rig.until(lambda: reconciled(rig, jobs))
    assert {job: settled(rig, job).state for job in jobs} == dict.fromkeys(jobs, JobState.SUCCEEDED)
    assert {job: rig.starts(job) for job in jobs} == dict.fromkeys(jobs, 1)


@pytest.mark.parametrize("planted", [False, True], ids=["claims", "planted: no claim"])
def test_handed_in_twice_the_claim_keeps_it_from_beginning_again(rig: RayRig, tmp_path: Path, planted: bool) -> None:
    """As when a head forgets a job that is just about to begin, and is given it again: two wrappers meet at the claim."""
    job, wrapper = JobId("j0"), unclaimed(tmp_path) if planted else WRAPPER
    backend = replace(rig.backend(), wrapper=wrapper)
    key = backend.submit(rig.launch(job, Work()))
    assert rig.until(lambda: over(rig, key))
    rig.client.submit(f"{key}.again", f"exec /bin/sh {rig.root / job / 'control' / 'entrypoint'}", {})
    assert rig.until(lambda: over(rig, f"{key}.again"))
    assert rig.starts(job) == (2 if planted else 1)


def over(rig: RayRig, key: str) -> bool:
    entry = rig.client.find(key)
    return entry is not None and entry.status in states.OVER


def unclaimed(tmp_path: Path) -> Path:
    """Return a wrapper that runs whether or not there is a claim."""
    text, guard = WRAPPER.read_text(), "2>/dev/null || exit 0 # at most one execution"
    assert guard in text
    wrapper = tmp_path / "planted.sh"
    wrapper.write_text(text.replace(guard, "2>/dev/null # at most one execution"))
    return wrapper


def test_a_job_that_ray_gave_up_waiting_for_goes_on_waiting(rig: RayRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray ends a job that found no room within 15 minutes, here 8 s. It is handed in again; taken for a failure, it would cost an attempt.

    This head also wants a token, and without it a job is unknown, not new.
    """
    token = rig.cluster.place / "token"
    token.write_text("s3cr3t-token-of-at-least-some-length\n")
    locked = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}
    rig.cluster.kill()
    rig.cluster.variables.update({"RAY_JOB_START_TIMEOUT_SECONDS": "8", **locked})
    rig.cluster.start()
    rig.client = rig.cluster.client
    try:
        rig.backend().submit(replace(rig.launch(WAITS, Work()), devices=99))
        rig.client = replace(rig.client, token="/nonexistent")
        assert look(rig, WAITS).state is JobState.UNKNOWN
        assert "s3cr3t" not in look(rig, WAITS).reason
        rig.client = rig.cluster.client
        assert rig.until(lambda: look(rig, WAITS).state is JobState.RESERVED)
        assert look(rig, WAITS).reason.startswith("FAILED JOB_SUPERVISOR_ACTOR_START_TIMEOUT: ")
        with monkeypatch.context() as planted:
            planted.setitem(states.ERRORS, "JOB_SUPERVISOR_ACTOR_START_TIMEOUT", JobState.FAILED)
            assert rig.until(lambda: look(rig, WAITS).state.ended), "the plant does not show"
        rig.backend().submit(rig.launch(WAITS, Work()))
        assert settled(rig, WAITS).state is JobState.SUCCEEDED
        assert rig.starts(WAITS) == 1
    finally:
        rig.cluster.kill()
        rig.cluster.variables.clear()
        rig.cluster.start()
