"""Jobs on a real cluster of one node: once each, found by our key, told by their files first. Guards are also taken out."""

import os
import signal
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from executor.backends.ray.cluster import Cluster
from executor.backends.ray.rig import RayRig
from executor.contract.jobs import running as leader_of

from rea.domain.errors import BackendUnreachable, IntegrityError
from rea.domain.ids import JobId
from rea.domain.job import JobState, Launch
from rea.executor.backends.ray import Client, Options, RayBackend
from rea.executor.backends.ray import backend as backend_module
from rea.executor.backends.ray.client import Entry
from rea.executor.contract.control import Life, read_state
from rea.executor.contract.spec import Spec
from rea.testing.conformance_backend import LONG_S, Work, look, settled, under_way

pytestmark = pytest.mark.real
J = JobId("e1.validation.s0.a0")


@pytest.fixture
def rig(ray_cluster: Cluster, tmp_path: Path) -> RayRig:
    return RayRig(ray_cluster, tmp_path / "jobs")


def shell(rig: RayRig, text: str, *words: str, name: str = J, **environment: str) -> Launch:
    told = rig.launch(name, Work())
    pairs = tuple(sorted({"PATH": "/usr/bin:/bin", **environment}.items()))
    return replace(told, argv=("/bin/sh", "-c", text, "sh", *words), environment=pairs)


def entry(rig: RayRig, job: JobId = J) -> Entry:
    found = rig.cluster.client.find(rig.backend().key(job))
    assert found is not None
    return found


def test_the_cluster_of_these_tests_listens_on_loopback_alone(rig: RayRig) -> None:
    opened = [c for process in rig.cluster.processes() for c in process.net_connections("inet")]
    listening = {str(c.laddr.ip).removeprefix("::ffff:") for c in opened if c.status == "LISTEN"}
    assert listening == {"127.0.0.1"}


def test_words_and_variables_reach_the_job_unchanged_and_nothing_else_does(rig: RayRig) -> None:
    hostile = ("a b", "$(touch /tmp/pwned)", "`id`", "'", '"', "x\ny", "%j", "*", "; exit 9", "")
    odd = "a,b c=d 'e' $f\n\"g\""
    text = 'for w; do printf "<%s>" "$w"; done; printf "%s|%s|%s" "$ODD" "${HOME-none}" "${RAY_ADDRESS-none}"'
    rig.backend().submit(shell(rig, text, *hostile, ODD=odd))
    assert settled(rig, J).log_tail == "".join(f"<{word}>" for word in hostile) + f"{odd}|none|none"


def test_secrets_of_the_environment_are_in_no_argument_and_nowhere_in_ray(rig: RayRig) -> None:
    under_way(rig, told := replace(rig.launch(J, Work(seconds=LONG_S)), environment=(("TOKEN", "s3cr3t-value"),)))
    lines = [p.read_bytes() for p in Path("/proc").glob("[0-9]*/cmdline") if p.exists()]
    assert not any(b"s3cr3t-value" in line for line in lines)
    session = rig.cluster.place / "ray" / "session_latest" / "logs"
    logs = [path.read_text(errors="replace") for path in session.rglob("*") if path.is_file()]
    assert any(rig.backend().key(J) in log for log in logs)
    assert not any("s3cr3t-value" in log for log in logs)
    client = rig.cluster.client
    _, shown = client._call("GET", rig.backend().key(J))
    assert b"s3cr3t-value" not in shown
    assert (Path(told.directory) / "control" / "entrypoint").stat().st_mode & 0o077 == 0
    rig.backend().cancel(J)
    assert settled(rig, J).state is JobState.CANCELLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Late(Client):
    """Looks for the job and does not see it yet the first time, as when another wake submits it just then."""

    looked: list[str] = field(default_factory=list)

    def find(self, key: str) -> Entry | None:
        self.looked.append(key)
        return Client.find(self, key) if len(self.looked) > 1 else None


def trusting(self: RayBackend, launch: Launch, spec: Spec, key: str) -> None:
    """The planted bug: takes the refusal of a key that was used before for a failure."""
    self.client.submit(key, "true", {})


@pytest.mark.parametrize("planted", [False, True], ids=["adopts", "planted: a refusal is a failure"])
def test_a_key_that_the_head_refuses_is_our_job(rig: RayRig, monkeypatch: pytest.MonkeyPatch, planted: bool) -> None:
    told = replace(rig.launch(J, Work()), devices=99)  # there is no room, so it cannot begin meanwhile
    rig.backend().submit(told)
    (Path(told.directory) / "control" / "submitted").unlink()
    late = replace(rig.backend(), client=Late(address=rig.client.address))
    if planted:
        monkeypatch.setattr(RayBackend, "_hand_over", trusting)
        with pytest.raises(BackendUnreachable, match="already exists"):
            late.submit(told)
        return
    assert late.submit(told) == rig.backend().key(J)
    assert look(rig, J).state is JobState.SUBMITTED
    assert look(rig, J).reason.startswith("PENDING: ")


def test_equal_names_of_two_campaigns_are_two_jobs(rig: RayRig, tmp_path: Path) -> None:
    other = RayRig(rig.cluster, tmp_path / "other" / "jobs")
    for campaign in (rig, other):
        campaign.backend().submit(campaign.launch(J, Work()))
    assert [settled(rig, J).state, settled(other, J).state] == [JobState.SUCCEEDED] * 2
    assert [rig.starts(J), other.starts(J)] == [1, 1]


def test_cancelled_in_the_queue_never_runs(rig: RayRig) -> None:
    rig.backend().submit(replace(rig.launch(J, Work()), devices=99))
    assert look(rig, J).state is JobState.SUBMITTED
    rig.backend().cancel(J)
    assert look(rig, J).state is JobState.CANCELLED
    rig.backend().submit(replace(rig.launch(J, Work()), devices=99))
    assert (look(rig, J).state, rig.starts(J)) == (JobState.CANCELLED, 0)


def test_a_cancel_that_ray_was_not_told_still_holds(rig: RayRig) -> None:
    told = rig.launch(J, Work(seconds=LONG_S))
    under_way(rig, told)
    (Path(told.directory) / "control" / "job").unlink()  # as from another machine: it cannot be signalled from here
    rig.reachable(False)
    rig.backend().cancel(J)  # it runs: its watcher will see the request, and Ray need not be told
    assert settled(rig, J).state is JobState.CANCELLED


def test_stopped_by_somebody_else_is_lost_with_rays_word(rig: RayRig) -> None:
    under_way(rig, rig.launch(J, Work(seconds=LONG_S)))
    rig.client.stop(rig.backend().key(J))
    status = settled(rig, J)
    assert (status.state, status.reason) == (JobState.LOST, "STOPPED")


def test_killed_with_its_wrapper_it_failed_with_rays_word(rig: RayRig) -> None:
    told = rig.launch(J, Work(seconds=LONG_S))
    under_way(rig, told)
    leader = leader_of(Path(told.directory))
    os.kill(int((Path(told.directory) / "control" / "claim").read_text().split()[0]), signal.SIGKILL)
    assert rig.until(lambda: entry(rig).status == "FAILED")
    assert look(rig, J).state is JobState.RUNNING  # what Ray says of its own process ends no job that holds its lock
    os.killpg(leader, signal.SIGKILL)
    status = settled(rig, J)
    assert (status.state, status.log_tail) == (JobState.FAILED, "ran\n")
    assert status.reason.startswith("FAILED JOB_ENTRYPOINT_COMMAND_ERROR ")


def test_a_directory_that_the_node_cannot_see_is_said(rig: RayRig, tmp_path: Path) -> None:
    deaf = tmp_path / "deaf.sh"
    deaf.write_text("#!/bin/sh\nexit 0\n")
    backend = replace(rig.backend(), wrapper=deaf)
    backend.submit(rig.launch(J, Work()))
    assert rig.until(lambda: backend.poll([J])[J].state.ended)
    status = backend.poll([J])[J]
    assert status.state is JobState.LOST
    assert status.reason == "SUCCEEDED, and it never began: its node must see and lock its directory"


def test_each_job_gets_devices_of_its_own(rig: RayRig) -> None:
    backend = replace(rig.backend(), options=Options.of("--entrypoint-num-gpus={devices}"))
    one, two = JobId("one"), JobId("two")
    for job in (one, two):
        backend.submit(shell(rig, 'echo "$CUDA_VISIBLE_DEVICES"; sleep 8', name=job, CUDA_VISIBLE_DEVICES="7"))
    assert sorted(settled(rig, job).log_tail for job in (one, two)) == ["0\n", "1\n"]
    both = JobId("both")
    backend.submit(replace(shell(rig, 'echo "$CUDA_VISIBLE_DEVICES"', name=both), devices=2))
    assert settled(rig, both).log_tail == "0,1\n"


def test_a_job_without_gpus_keeps_the_variable_it_was_given(rig: RayRig) -> None:
    rig.backend().submit(shell(rig, 'echo "$CUDA_VISIBLE_DEVICES"', CUDA_VISIBLE_DEVICES="7"))
    assert settled(rig, J).log_tail == "7\n"


@pytest.mark.parametrize("planted", [False, True], ids=["freed", "planted: judged on the job's place"])
def test_the_end_of_a_job_wakes_and_frees_its_place_first(
    rig: RayRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: bool
) -> None:
    if planted:
        monkeypatch.setattr(backend_module, "_WAKE", ())
    woken, go = tmp_path / "woken up", tmp_path / "go"
    text = 'touch "$1"; until [ -e "$2" ]; do sleep 0.1; done'
    backend = replace(rig.backend(), wake=("/bin/sh", "-c", text, "sh", str(woken), str(go)))
    backend.submit(shell(rig, "exit 3"))
    assert rig.until(woken.exists)
    assert settled(rig, J).reason == "exit 3"
    if planted:
        assert entry(rig).status == "RUNNING"
    else:
        assert rig.until(lambda: entry(rig).status == "SUCCEEDED")
    go.touch()


def test_bad_launches_are_refused_and_stay_new(rig: RayRig) -> None:
    with pytest.raises(IntegrityError, match="not in"):
        rig.backend().submit(replace(rig.launch(J, Work()), directory="/elsewhere"))
    refused = replace(rig.backend(), options=Options.of("""'--entrypoint-label-selector={"a": "!!in("}'"""))
    with pytest.raises(BackendUnreachable, match="the Ray head said"):
        refused.submit(rig.launch(J, Work()))
    assert read_state(rig.root / J).life is Life.NEW
    with pytest.raises(IntegrityError, match="prepared with another command"):
        rig.backend().submit(rig.launch(J, Work(code=3)))
    rig.backend().submit(rig.launch(J, Work()))
    assert settled(rig, J).state is JobState.SUCCEEDED
