"""Jobs on a real cluster of one node: once each, found by our key, told by their files first. Guards are also taken out."""

import os
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from executor.backends.slurm.cluster import Cluster
from executor.backends.slurm.rig import SlurmRig
from executor.contract.jobs import running as leader_of

from rea.domain.errors import BackendUnreachable, IntegrityError, UsageError
from rea.domain.ids import JobId
from rea.domain.job import JobState, Launch
from rea.executor.backends.slurm import Client, Options, SlurmBackend
from rea.executor.backends.slurm import backend as backend_module
from rea.executor.backends.slurm.client import Entry, named
from rea.executor.contract.control import Life, read_state
from rea.testing.conformance_backend import LONG_S, Work, look, settled, under_way

pytestmark = pytest.mark.real
J = JobId("e1.validation.s0.a0")


@pytest.fixture
def rig(cluster: Cluster, tmp_path: Path) -> SlurmRig:
    return SlurmRig(cluster, tmp_path / "jobs")


def shell(rig: SlurmRig, text: str, *words: str, name: str = J, **environment: str) -> Launch:
    told = rig.launch(name, Work())
    pairs = tuple(sorted({"PATH": "/usr/bin:/bin", **environment}.items()))
    return replace(told, argv=("/bin/sh", "-c", text, "sh", *words), environment=pairs)


def entries(rig: SlurmRig, job: JobId = J) -> list[Entry]:
    return [entry for entry in rig.client.queue() if entry.name == rig.backend().key(job)]


def test_words_and_variables_reach_the_job_unchanged_and_nothing_else_does(rig: SlurmRig) -> None:
    hostile = ("a b", "$(touch /tmp/pwned)", "`id`", "'", '"', "x\ny", "--wrap=id", "%j", "*", "; exit 9", "")
    told = shell(
        rig, 'for w; do printf "<%s>" "$w"; done; printf "%s|%s" "$ODD" "${HOME-none}"', *hostile, ODD="a,b c=d"
    )
    rig.backend().submit(told)
    status = settled(rig, J)
    assert status.log_tail == "".join(f"<{word}>" for word in hostile) + "a,b c=d|none"


def test_secrets_of_the_environment_are_in_no_argument(rig: SlurmRig) -> None:
    rig.backend().submit(shell(rig, "sleep 60", TOKEN="s3cr3t-value"))
    assert rig.until(lambda: look(rig, J).state is JobState.RUNNING)
    (entry,) = entries(rig)
    assert "s3cr3t-value" not in rig.cluster.command("scontrol", "show", "job", entry.number)
    lines = [p.read_bytes() for p in Path("/proc").glob("[0-9]*/cmdline") if p.exists()]
    assert not any(b"s3cr3t-value" in line for line in lines)
    rig.backend().cancel(J)
    assert settled(rig, J).state is JobState.CANCELLED


def test_name_and_comment_carry_the_key_and_the_limit_is_passed_on(rig: SlurmRig) -> None:
    rig.backend().submit(replace(rig.launch(J, Work(seconds=2)), time_limit_s=170))
    (entry,) = entries(rig)
    assert entry.name == entry.comment == rig.backend().key(J)
    shown = rig.cluster.command("scontrol", "show", "job", "--oneliner", entry.number)
    assert " TimeLimit=00:03:00 " in shown  # 170 s and the grace, in whole minutes
    assert " Requeue=0 " in shown
    assert settled(rig, J).state is JobState.SUCCEEDED


def test_equal_names_of_two_campaigns_are_two_jobs(rig: SlurmRig, tmp_path: Path) -> None:
    other = SlurmRig(rig.cluster, tmp_path / "other" / "jobs")
    for campaign in (rig, other):
        campaign.backend().submit(campaign.launch(J, Work()))
    assert [settled(rig, J).state, settled(other, J).state] == [JobState.SUCCEEDED] * 2
    assert [rig.starts(J), other.starts(J)] == [1, 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind(Client):
    """The planted bug: submits without having looked."""

    def queue(self) -> tuple[Entry, ...]:
        return ()


@pytest.mark.parametrize(("client", "times"), [(Client, 1), (Blind, 2)], ids=["looks", "planted"])
def test_a_lost_acknowledgement_is_found_by_the_key(rig: SlurmRig, client: type[Client], times: int) -> None:
    """Killed between sbatch and its answer: nothing of ours knows of the job, but Slurm does. The claim guards beside the look."""
    told = rig.launch(J, Work(seconds=2))
    backend = replace(rig.backend(), client=client(conf=rig.client.conf))
    backend.submit(told)
    (Path(told.directory) / "control" / "submitted").unlink()
    if read_state(Path(told.directory)).life is not Life.NEW:
        pytest.fail("the job began too early for this test")
    backend.submit(told)
    assert len(entries(rig)) == times
    assert settled(rig, J).state is JobState.SUCCEEDED
    assert rig.until(lambda: all(entry.word == "COMPLETED" for entry in entries(rig)))
    assert rig.starts(J) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy(Client):
    """A controller so busy that a job begins and ends before it has answered."""

    meanwhile: Callable[[], object]

    def queue(self) -> tuple[Entry, ...]:
        self.meanwhile()
        return Client.queue(self)


@pytest.mark.parametrize("planted", [False, True], ids=["looks again", "planted"])
def test_a_job_that_ends_while_slurm_is_asked_ended_as_its_files_say(
    rig: SlurmRig, monkeypatch: pytest.MonkeyPatch, planted: bool
) -> None:
    if planted:
        monkeypatch.setattr(backend_module, "by_both", lambda look, told, *_: told(look))
    rig.cluster.command("scontrol", "update", "PartitionName=low", "State=DOWN")
    rig.backend().submit(rig.launch(J, Work()))

    def runs() -> None:
        rig.cluster.command("scontrol", "update", "PartitionName=low", "State=UP")
        assert rig.until(lambda: [entry.word for entry in entries(rig)] == ["COMPLETED"])

    busy = Busy(conf=rig.client.conf, meanwhile=runs)
    status = replace(rig.backend(), client=busy, claim_grace_s=0.0).poll([J])[J]
    assert status.state is (JobState.LOST if planted else JobState.SUCCEEDED)


def test_all_jobs_are_asked_for_in_one_call(rig: SlurmRig, tmp_path: Path) -> None:
    counted = tmp_path / "bin"
    counted.mkdir()
    for name in ("sbatch", "scancel", "scontrol"):
        (counted / name).symlink_to(str(shutil.which(name)))
    shim = counted / "squeue"
    shim.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/calls\nexec {shutil.which("squeue")} "$@"\n')
    shim.chmod(0o755)
    backend = replace(rig.backend(), client=replace(rig.client, path=f"{counted}:/usr/bin:/bin"))
    jobs = [JobId(f"j{n}") for n in range(12)]
    for job in jobs:
        backend.submit(replace(rig.launch(job, Work(seconds=2)), devices=8))  # one at a time: the others wait
    (tmp_path / "calls").unlink()
    answers = backend.poll(jobs)
    assert len((tmp_path / "calls").read_text().splitlines()) == 1
    assert {status.state for status in answers.values()} <= {JobState.SUBMITTED, JobState.RUNNING, JobState.UNKNOWN}
    for job in jobs:
        backend.cancel(job)
    assert rig.until(lambda: all(status.state.ended for status in backend.poll(jobs).values()))


def test_cancelled_in_the_queue_never_runs(rig: SlurmRig) -> None:
    rig.cluster.command("scontrol", "update", "PartitionName=low", "State=DOWN")
    try:
        rig.backend().submit(rig.launch(J, Work()))
        assert rig.until(lambda: look(rig, J).reason.startswith("PENDING: PartitionDown"))
        rig.backend().cancel(J)
        assert look(rig, J).state is JobState.CANCELLED
    finally:
        rig.cluster.command("scontrol", "update", "PartitionName=low", "State=UP")
    assert [entry.word for entry in entries(rig)] == ["CANCELLED"]
    assert rig.starts(J) == 0


def test_a_cancel_that_slurm_was_not_told_still_holds(rig: SlurmRig) -> None:
    told = rig.launch(J, Work(seconds=LONG_S))
    under_way(rig, told)
    (Path(told.directory) / "control" / "job").unlink()  # as from another machine: it cannot be signalled from here
    rig.reachable(False)
    rig.backend().cancel(J)  # it runs: its watcher will see the request, and Slurm need not be told
    assert settled(rig, J).state is JobState.CANCELLED
    with pytest.raises(BackendUnreachable):
        rig.backend().submit(rig.launch("j1", Work()))
    with pytest.raises(BackendUnreachable):
        rig.backend().cancel(JobId("j1"))
    rig.reachable(True)
    rig.backend().submit(rig.launch("j1", Work()))
    assert look(rig, JobId("j1")).state is JobState.CANCELLED
    assert rig.starts(JobId("j1")) == 0


def test_cancelled_by_somebody_else_is_lost_with_slurms_word(rig: SlurmRig) -> None:
    under_way(rig, rig.launch(J, Work(seconds=LONG_S)))
    rig.cluster.command("scancel", entries(rig)[0].number)
    status = settled(rig, J)
    assert (status.state, status.reason) == (JobState.LOST, "CANCELLED")


def test_killed_for_memory_without_cgroups_shows_as_failed_0_9(rig: SlurmRig) -> None:
    """The kernel takes job and wrapper: no exit record, and Slurm says FAILED 0:9."""
    told = rig.launch(J, Work(seconds=LONG_S))
    under_way(rig, told)
    os.kill(int((Path(told.directory) / "control" / "claim").read_text().split()[0]), signal.SIGKILL)
    os.killpg(leader_of(Path(told.directory)), signal.SIGKILL)
    status = settled(rig, J)
    assert (status.state, status.reason, status.log_tail) == (JobState.FAILED, "FAILED 0:9", "ran\n")


def test_a_node_that_fails_makes_a_job_lost(rig: SlurmRig) -> None:
    under_way(rig, rig.launch(J, Work(seconds=LONG_S)))
    node = rig.cluster.command("sinfo", "--noheader", "--format=%n").split()[0]
    rig.cluster.command("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=test")
    try:
        status = settled(rig, J)
    finally:
        rig.cluster.command("scontrol", "update", f"NodeName={node}", "State=RESUME")
        assert rig.until(rig.cluster.ready)
    assert (status.state, status.reason) == (JobState.LOST, "NODE_FAIL")


def test_a_directory_that_the_node_cannot_see_is_said(rig: SlurmRig, tmp_path: Path) -> None:
    deaf = tmp_path / "deaf.sh"
    deaf.write_text("#!/bin/sh\nexit 0\n")
    backend = replace(rig.backend(), wrapper=deaf)
    backend.submit(rig.launch(J, Work()))
    assert rig.until(lambda: backend.poll([J])[J].state.ended)
    assert backend.poll([J])[J].reason == "COMPLETED, but its node cannot see or lock its directory"


def test_each_job_gets_devices_of_its_own(rig: SlurmRig) -> None:
    backend = replace(rig.backend(), options=Options.of("--gres=gpu:{devices}"))
    one, two = JobId("one"), JobId("two")
    for job in (one, two):
        backend.submit(shell(rig, 'echo "$CUDA_VISIBLE_DEVICES"; sleep 2', name=job, CUDA_VISIBLE_DEVICES="7"))
    assert sorted(settled(rig, job).log_tail for job in (one, two)) == ["0\n", "1\n"]
    both = JobId("both")
    backend.submit(replace(shell(rig, 'echo "$CUDA_VISIBLE_DEVICES"', name=both), devices=2))
    assert settled(rig, both).log_tail == "0,1\n"


@pytest.mark.parametrize("text", ["exit 0", "exit 3", "kill -9 $PPID; kill -9 $$"])
def test_the_end_of_a_job_wakes_however_it_ends(rig: SlurmRig, tmp_path: Path, text: str) -> None:
    woken = tmp_path / "woken up"
    backend = replace(rig.backend(), wake=("/usr/bin/touch", str(woken)))
    backend.submit(shell(rig, text))
    backend.submit(shell(rig, text))
    assert rig.until(woken.exists)
    assert settled(rig, J).state.ended
    assert [e.name for e in rig.client.queue() if e.name == f"{backend.key(J)}.wake"] == [f"{backend.key(J)}.wake"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlyOnSuccess(Client):
    """The planted bug: wakes only when the job went well."""

    def submit(self, words: Sequence[str], environment: Mapping[str, str]) -> str:
        return Client.submit(self, [word.replace("afterany", "afterok") for word in words], environment)


def test_planted_a_wake_that_waits_for_success_never_comes_after_a_failure(rig: SlurmRig, tmp_path: Path) -> None:
    woken = tmp_path / "woken"
    backend = replace(rig.backend(), client=OnlyOnSuccess(conf=rig.client.conf), wake=("/usr/bin/touch", str(woken)))
    deaf = tmp_path / "deaf.sh"
    deaf.write_text("#!/bin/sh\nexit 3\n")  # the wrapper itself ends well, however its job ends
    replace(backend, wrapper=deaf).submit(rig.launch(J, Work()))
    assert rig.until(lambda: any(e.reason == "DependencyNeverSatisfied" for e in rig.client.queue()))
    assert not woken.exists()
    rig.client.cancel(f"{backend.key(J)}.wake")


def test_bad_launches_are_refused(rig: SlurmRig) -> None:
    with pytest.raises(IntegrityError, match="not in"):
        rig.backend().submit(replace(rig.launch(J, Work()), directory="/elsewhere"))
    with pytest.raises(UsageError, match="SBATCH_ARRAY_INX"):
        rig.backend().submit(shell(rig, "true", SBATCH_ARRAY_INX="1-9"))
    refused = replace(rig.backend(), options=Options.of("--partition=nowhere"))
    with pytest.raises(BackendUnreachable, match="invalid partition"):
        refused.submit(rig.launch(J, Work()))
    rig.backend().submit(rig.launch(J, Work()))
    assert settled(rig, J).state is JobState.SUCCEEDED


def test_among_several_of_one_name_the_living_counts() -> None:
    told = [
        Entry("7", "FAILED", "k"),
        Entry("8", "COMPLETED", "k"),
        Entry("9", "RUNNING", "x"),
        Entry("3", "?", "y", "k"),
    ]
    assert named(told, "k") == told[3]
    assert named(told[:3], "k") == told[0]
    assert named(told, "nobody") is None


def test_without_slurm_it_is_said_what_to_install(tmp_path: Path) -> None:
    backend = SlurmBackend(root=tmp_path, client=Client(path=str(tmp_path)))
    launch = Launch(
        job=J,
        directory=str(tmp_path / J),
        argv=("true",),
        cwd="/",
        environment=(),
        time_limit_s=1,
        silence_limit_s=1,
    )
    with pytest.raises(BackendUnreachable, match="no squeue on this machine"):
        backend.submit(launch)


def test_the_node_is_known_and_one_to_avoid_is_excluded_where_there_is_another(rig: SlurmRig, tmp_path: Path) -> None:
    """Of one node: Slurm is asked to leave it out, refuses, and is asked for any; what it keeps of the refusal is no job."""
    real, told = shutil.which("sbatch"), tmp_path / "told"
    recording = tmp_path / "bin" / "sbatch"
    recording.parent.mkdir()
    recording.write_text(f'#!/bin/sh\necho "$*" >>{told}\nexec {real} "$@"\n')
    recording.chmod(0o755)
    rig.backend().submit(shell(rig, "true"))
    node = settled(rig, J).node
    assert node in rig.cluster.command("sinfo", "--noheader", "--format=%n").split()
    again = JobId("e1.validation.s0.a1")
    backend = rig.backend()
    client = replace(backend.client, path=f"{recording.parent}:{backend.client.path}")
    replace(backend, client=client).submit(replace(shell(rig, "true", name=again), avoid=(node,)))
    first, second, *_ = told.read_text().splitlines()
    assert f"--exclude={node}" in first.split() and "--exclude" not in second
    assert settled(rig, again).state is JobState.SUCCEEDED
    assert len(entries(rig, again)) == 1
