"""The wrapper with real processes. Each guard is also taken out, to see that its absence shows."""

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from executor.contract.jobs import (
    alive,
    eventually,
    finish,
    launch,
    opened,
    processes_of,
    python,
    running,
    start,
    sweep,
)

from rea.executor.contract import Exit, Life, Spec, prepare, read_state
from rea.executor.contract.spec import WRAPPER

pytestmark = pytest.mark.real


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "jobs" / "e1.validation.s0.a0"
    sweep(tmp_path)


def spec(*argv: str, wake: tuple[str, ...] = (), time: int | None = None, silence: int | None = None) -> Spec:
    return Spec(job="j", argv=argv, cwd=Path("/"), time_limit_s=time, silence_limit_s=silence, grace_s=1, wake=wake)


def shell(text: str, time: int | None = None, silence: int | None = None) -> Spec:
    return spec("/bin/sh", "-c", text, time=time, silence=silence)


def planted(tmp_path: Path, guard: str, instead: str = "") -> Path:
    """Return a wrapper without one of its guards."""
    text = WRAPPER.read_text()
    assert guard in text, f"the wrapper has no {guard!r}: this test guards nothing"
    wrapper = tmp_path / "planted.sh"
    wrapper.write_text(text.replace(guard, instead))
    return wrapper


def ended(directory: Path) -> Exit:
    record = finish(directory).exit
    assert record is not None, (directory / "control" / "wrapper.log").read_text()
    return record


def log(directory: Path) -> str:
    return (directory / "control" / "log").read_text()


@pytest.mark.parametrize(("text", "word"), [("exit 0", "exit 0"), ("exit 3", "exit 3"), ("kill -9 $$", "signal 9")])
def test_exit_is_recorded(place: Path, text: str, word: str) -> None:
    launch(place, shell(f"echo out; echo err >&2; {text}")).wait()
    record = ended(place)
    assert record.word == word
    assert record.reason == "exited"
    assert log(place) == "out\nerr\n"
    assert 0 <= record.seconds < 20
    assert record.started <= record.ended


def test_arguments_and_environment_arrive_unchanged(place: Path) -> None:
    awkward = ("a b", "$(touch /tmp/never)", "*", "--", "-n", "", "new\nline", "'\"\\`")
    code = "import os, sys, json; print(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]))"
    told = Spec(
        job="j",
        argv=(*python(code), *awkward),
        cwd=place.parent,
        env=(("PATH", "/nowhere"), ("code", "left alone"), ("LC_ALL", "C")),
        wake=("/bin/true", "x y"),
    )
    place.parent.mkdir(parents=True)
    launch(place, told).wait()
    argv, env, cwd = json.loads(log(place))
    assert argv == list(awkward)
    assert env == {"PATH": "/nowhere", "code": "left alone", "LC_ALL": "C", "PWD": str(place.parent)}
    assert cwd == str(place.parent)


def test_missing_program_and_missing_directory_say_so(place: Path, tmp_path: Path) -> None:
    launch(place, spec("/no/such/program")).wait()
    assert ended(place).code == 127
    assert "/no/such/program" in log(place)
    other = tmp_path / "other"
    launch(other, Spec(job="j", argv=("/bin/true",), cwd=Path("/no/such/place"))).wait()
    assert ended(other).code == 126
    assert "/no/such/place" in log(other)


def race(directory: Path, wrapper: Path, launches: int = 20) -> int:
    """Launch one job many times at once and return how often it ran."""
    told = shell("echo ran; read _ </proc/uptime")
    prepare(directory, told)
    with ThreadPoolExecutor(launches) as pool:
        list(pool.map(lambda _: start(directory, told, wrapper).wait(), range(launches)))
    assert eventually(lambda: read_state(directory).life is not Life.RUNNING)
    return log(directory).count("ran")


def test_one_of_twenty_launches_runs(place: Path, tmp_path: Path) -> None:
    assert race(place, WRAPPER) == 1
    assert race(place.with_name("again"), WRAPPER) == 1


CLAIM, LOCK = "2>/dev/null || exit 0 # at most one", "flock -w 2 9 || exit 0"


def test_the_claim_alone_lets_one_through(place: Path, tmp_path: Path) -> None:
    unlocked = planted(tmp_path, LOCK, "true")
    assert race(place, unlocked) == 1
    unlocked.write_text(unlocked.read_text().replace(CLAIM, "2>/dev/null #").replace("sleep 5", "sleep 0.1"))
    assert race(place.with_name("planted"), unlocked) > 1


def test_a_launch_after_the_end_runs_nothing(place: Path, tmp_path: Path) -> None:
    told = shell("echo ran")
    for _ in range(2):
        launch(place, told).wait()
    assert log(place).count("ran") == 1
    start(place, told, planted(tmp_path, CLAIM, "2>/dev/null #")).wait()
    assert log(place).count("ran") == 2


@pytest.mark.parametrize(
    ("limits", "reason"), [({"time": 1}, "time_limit"), ({"silence": 1}, "silence_limit")], ids=["time", "silence"]
)
def test_limits_end_a_job_that_ignores_term(place: Path, limits: dict[str, int], reason: str) -> None:
    launch(place, shell("trap '' TERM; echo begun; while true; do sleep 60 & wait; done", **limits)).wait()
    record = ended(place)
    assert (record.reason, record.word, record.signal) == (reason, reason, signal.SIGKILL)


def test_without_the_kill_a_deaf_job_lives_on(place: Path, tmp_path: Path) -> None:
    gentle = planted(tmp_path, "kill -s KILL", "true")
    wrapper = launch(place, shell("trap '' TERM; while true; do sleep 60 & wait; done", time=1), gentle)
    job = running(place)
    assert not eventually(lambda: wrapper.poll() is not None, within=3.5)
    assert alive(job)
    os.killpg(job, signal.SIGKILL)


def test_the_whole_group_ends(place: Path) -> None:
    launch(place, shell("sleep 321 & echo $!; exit 0")).wait()
    ended(place)
    assert eventually(lambda: not alive(int(log(place))))


@pytest.mark.parametrize("where", ["echo tick", 'echo tick >>"$OUT"'], ids=["log", "out"])
def test_a_job_that_gives_signs_is_not_silent(place: Path, where: str) -> None:
    text = f"OUT={place}/out/metrics; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do {where}; sleep 0.25; done"
    launch(place, shell(text, silence=2)).wait()
    assert ended(place).word == "exit 0"


def test_memory_limit(place: Path, tmp_path: Path) -> None:
    told = Spec(job="j", argv=python("x = bytearray(300 << 20)"), cwd=Path("/"), memory_mb=100)
    launch(place, told).wait()
    assert ended(place).word == "exit 1"
    assert "MemoryError" in log(place)
    unbounded = tmp_path / "unbounded"
    launch(unbounded, told, planted(tmp_path, 'ulimit -d "$_memory"', "true")).wait()
    assert ended(unbounded).word == "exit 0"


def test_killed_wrapper_leaves_the_job_running_then_lost(place: Path) -> None:
    wrapper = launch(place, spec("/bin/sh", "-c", 'read line <"$0"', str(fifo(place)), time=2))
    job = running(place)
    wrapper.kill()
    wrapper.wait()
    assert read_state(place).life is Life.RUNNING
    (place.parent / "fifo").write_text("go\n")
    assert eventually(lambda: not alive(job))
    control = finish(place)
    assert (control.life, control.claimed) == (Life.LOST, True)
    assert eventually(lambda: not list(processes_of(place)), within=10), "the watcher outlives its job"


def fifo(place: Path) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(place.parent / "fifo")
    return place.parent / "fifo"


def test_killed_wrapper_still_enforces_the_time_limit(place: Path) -> None:
    wrapper = launch(place, shell("sleep 321", time=2))
    job = running(place)
    wrapper.kill()
    wrapper.wait()
    assert eventually(lambda: not alive(job), within=10)
    assert finish(place).life is Life.LOST


UNLOCKED_JOB = (") </dev/null >>log 2>&1 &", ") 9>&- </dev/null >>log 2>&1 &")


def test_without_the_inherited_lock_a_living_job_would_be_lost(place: Path, tmp_path: Path) -> None:
    wrapper = launch(place, shell("sleep 321"), planted(tmp_path, *UNLOCKED_JOB))
    job = running(place)
    wrapper.kill()
    wrapper.wait()
    assert read_state(place).life is Life.LOST
    os.killpg(job, signal.SIGKILL)


def lock_holders(place: Path) -> set[int]:
    return {pid for pid in processes_of(place) if str(place / "control" / "lock") in opened(pid)}


def test_watcher_does_not_hold_the_lock(place: Path, tmp_path: Path) -> None:
    wrapper = launch(place, shell("sleep 321"))
    assert eventually(lambda: len(list(processes_of(place))) == 3)
    assert lock_holders(place) == {wrapper.pid}
    os.killpg(running(place), signal.SIGKILL)
    wrapper.wait()
    leaking = place.with_name("leaking")
    wrapper = launch(leaking, shell("sleep 321"), planted(tmp_path, "_watch() {\n  exec 9>&-", "_watch() {"))
    assert eventually(lambda: len(lock_holders(leaking)) == 3)  # wrapper, job and watcher, whose sleeps come and go
    os.killpg(running(leaking), signal.SIGKILL)
    wrapper.wait()


def test_wake_follows_a_recorded_exit_without_the_lock(place: Path, tmp_path: Path) -> None:
    code = (
        "import sys, os; from pathlib import Path; p = Path(sys.argv[1])\n"
        "links = [f'/proc/self/fd/{f}' for f in os.listdir('/proc/self/fd')]\n"
        "held = [os.readlink(link) for link in links if os.path.islink(link)]\n"
        "seen = (p / 'control/exit').exists(), str(p / 'control/lock') in held, sys.argv[2]\n"
        "(p.parent / 'woken').write_text(str(seen))"
    )
    launch(place, spec("/bin/true", wake=(*python(code), str(place), "a b"))).wait()
    assert (place.parent / "woken").read_text() == "(True, False, 'a b')"
    leaking = place.with_name("leaking")
    told = spec("/bin/true", wake=(*python(code), str(leaking), "a b"))
    launch(leaking, told, planted(tmp_path, "done\nexec 9>&-\n_rest", "done\n_rest")).wait()
    assert (place.parent / "woken").read_text() == "(True, True, 'a b')"


def test_a_wake_that_cannot_run_loses_nothing(place: Path) -> None:
    launch(place, spec("/bin/true", wake=("/no/such/wake",))).wait()
    assert ended(place).word == "exit 0"
    assert "/no/such/wake" in (place / "control" / "wrapper.log").read_text()


def test_job_end_is_noticed_at_once(place: Path) -> None:
    """The watcher looks every five seconds; the end of a job must not wait for it."""
    wrapper = launch(place, shell("exit 0", time=500))
    begun = time.monotonic()
    wrapper.wait()
    assert time.monotonic() - begun < 3
    assert ended(place).word == "exit 0"
    assert eventually(lambda: not list(processes_of(place)), within=2), "the watcher or its sleep lives on"


def test_exit_is_synced_before_and_after_the_rename(place: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sync", "mv"):
        (tools / tool).write_text(f'#!/bin/sh\necho {tool} "$@" >>{tmp_path}/calls\nexec /bin/{tool} "$@"\n')
        (tools / tool).chmod(0o755)
    launch(place, shell("exit 0"), planted(tmp_path, "PATH=/usr/bin:/bin", f"PATH={tools}:/usr/bin:/bin")).wait()
    assert (tmp_path / "calls").read_text().splitlines()[-3:] == ["sync exit.tmp", "mv -f exit.tmp exit", "sync ."]
    assert (tmp_path / "calls").read_text().splitlines()[0] == "sync claim ."


def test_a_full_disk_does_not_swallow_the_exit(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("no right to mount a small file system here")
    try:
        fill = f"with open('{disk}/fill', 'ab', 0) as f:\n  while True: f.write(bytes(512))"
        launch(disk / "job", spec(*python(fill))).wait()
        assert ended(disk / "job").code != 0
        prepare_without_room = spec("/bin/true")
        (disk / "fill").unlink()
        prepare(disk / "roomless", prepare_without_room)
        (disk / "roomless/control/exit.tmp").unlink()
        launch(disk / "job2", spec(*python(fill))).wait()
        wrapper = start(disk / "roomless", prepare_without_room)
        assert not eventually(lambda: (disk / "roomless/control/exit").exists(), within=1)
        wrapper.kill()
    finally:
        sweep(tmp_path)
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_reader_never_disturbs_a_launch(place: Path) -> None:
    """Nothing but a wrapper takes the lock before there is a claim, and reading with a claim shares it."""
    told = shell("exit 0")
    prepare(place, told)
    with (place / "control" / "lock").open("r") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert read_state(place).life is Life.NEW


@pytest.mark.parametrize(("patience", "times"), [("flock -w 2 9", 1), ("flock -n 9", 0)], ids=["waits", "planted"])
def test_a_probe_of_the_lock_does_not_keep_a_job_from_its_second_start(
    place: Path, tmp_path: Path, patience: str, times: int
) -> None:
    """Slurm starts a preempted job again: its claim was taken back right after somebody who polls had read it."""
    told = shell("echo ran")
    prepare(place, told)
    with (place / "control" / "lock").open("a") as probe:
        fcntl.flock(probe, fcntl.LOCK_SH)
        wrapper = start(place, told, planted(tmp_path, "flock -w 2 9", patience))
        children = Path(f"/proc/{wrapper.pid}/task/{wrapper.pid}/children")
        # the planted one gives up by itself; the other waits, with a child that asks for the lock
        assert eventually(lambda: wrapper.poll() is not None or bool(times and children.read_text()))
    wrapper.wait()
    logged = place / "control" / "log"
    assert (log(place).count("ran") if logged.exists() else 0) == times
