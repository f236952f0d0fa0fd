"""The escape suite: nothing gets out of the sandbox; and with a hole in it everything does, so that a pass means something."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox.escapes import ESCAPES, Argv, Escape, program

from rea.sandbox import Box, probe, run
from rea.sandbox.run import KEPT_BYTES, _bounded

PYTHON = "/usr/bin/python3"
ENV = {"PATH": "/usr/bin:/bin"}
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not probe().works, reason=f"NO SANDBOX, {len(ESCAPES)} escapes not tried: {probe().why}; {probe().fix}"
    ),
]
if not Path(PYTHON).exists():
    PYTHON = sys.executable


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """Everything that a sandbox should not reach, really there."""
    folder = tmp_path_factory.mktemp("host")
    outside, home = folder / "outside", folder / "home"
    outside.mkdir()
    home.mkdir()
    (home / "notes").write_text("x")
    secret = folder / "secret"
    secret.write_text("CANARY")
    listening = [socket.create_server(("127.0.0.1", 0)), socket.create_server(("::1", 0), family=socket.AF_INET6)]
    unix, abstract = str(folder / "s"), f"rea-{os.getpid()}"
    for address in (unix, "\0" + abstract):
        one = socket.socket(socket.AF_UNIX)
        one.bind(address)
        one.listen()
        listening.append(one)
    shared = Path("/dev/shm") / f"rea-{os.getpid()}"
    shared.write_text("CANARY")
    key = _shared_memory()
    victim = subprocess.Popen(["sleep", "600"], env={"PATH": os.defpath, "TOKEN": "CANARY"})
    yield {
        **{"folder": folder, "outside": outside, "home": home, "secret": secret, "unix": unix, "abstract": abstract},
        **{"port4": listening[0].getsockname()[1], "port6": listening[1].getsockname()[1]},
        **{"pid": victim.pid, "shm": shared.name, "key": key, "fd": 77},
    }
    victim.kill()
    victim.wait()
    shared.unlink()
    for one in listening:
        one.close()


def _shared_memory() -> int:
    import ctypes

    key = 0x7EA00000 + os.getpid()
    assert ctypes.CDLL(None).shmget(key, 4096, 0o1600) >= 0
    return key


@pytest.fixture
def box(tmp_path: Path) -> Box:
    (tmp_path / "own").mkdir()
    return Box(write=(str(tmp_path / "own"),), cwd=str(tmp_path / "own"), processes=64)


def said(argv: Argv) -> str:
    done = subprocess.run(argv, env={**ENV}, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    return done.stdout.decode() + done.stderr.decode()


@pytest.mark.parametrize("escape", ESCAPES, ids=lambda e: e.name)
def test_nothing_gets_out(escape: Escape, facts: dict[str, object], box: Box) -> None:
    assert "ESCAPED" not in said(box.argv((PYTHON, "-c", program(escape, facts))))


@pytest.mark.parametrize("escape", [e for e in ESCAPES if e.hole], ids=lambda e: e.name)
def test_with_a_hole_in_it_the_same_program_does(escape: Escape, facts: dict[str, object], box: Box) -> None:
    """The planted bug: were the program unable to get out anywhere, the test above would prove nothing."""
    assert escape.hole is not None
    if escape.name in ROOTS and os.geteuid() != 0:
        pytest.skip("only root could do this anyway")
    holed = escape.hole(box.argv((PYTHON, "-c", program(escape, facts))))
    filled = []
    for word in holed:
        for name, value in facts.items():
            word = word.replace(f"{{{name}}}", str(value))
        filled.append(word)
    assert "ESCAPED" in said(tuple(filled))


def test_outside_of_any_sandbox_most_of_them_succeed(facts: dict[str, object], tmp_path: Path) -> None:
    """The other planted bug: no sandbox at all."""
    harmless = [e for e in ESCAPES if e.name in OPEN]
    texts = [said(("/usr/bin/env", "-C", str(tmp_path), PYTHON, "-c", program(e, facts))) for e in harmless]
    assert [e.name for e, text in zip(harmless, texts, strict=True) if "ESCAPED" not in text] == []


BOMB = """
import os, time
n = 0
while n < 200:
    try:
        if os.fork() == 0:
            time.sleep(600)
        n += 1
    except OSError:
        break
print('children', n)
"""
PUSH = """
import fcntl, os, termios
try:
    fcntl.ioctl(os.open('/dev/tty', os.O_RDWR), termios.TIOCSTI, b'x'); print('ESCAPED')
except OSError as e:
    print(e)
"""
ROOTS = ("alters the kernel", "reads passwords")
OPEN = (
    *(
        "reads a secret file",
        "reads a stranger's environment",
        "signals a stranger",
        "IPv4",
        "IPv6",
        "an abstract socket",
    ),
    *("traces a stranger", "shared memory of the host", "System V shared memory", "a socket in the file system"),
)


def test_a_fork_bomb_is_bounded_and_gone_afterwards(box: Box) -> None:
    with _bounded(64) as joined:
        if os.geteuid() == 0 and not joined:
            pytest.skip("root's processes are bounded by a control group only, and none can be made here")
    done = run(box, (PYTHON, "-c", BOMB), ENV, 60)
    assert "children" in done.said, done
    assert int(done.said.split()[-1]) < 64
    assert done.seconds < 30


def test_without_the_bound_it_would_have_gone_on(box: Box) -> None:
    unbounded = Box(write=box.write, cwd=box.cwd, processes=100_000)
    assert "children 200" in run(unbounded, (PYTHON, "-c", BOMB), ENV, 60).said


def test_a_flood_of_output_costs_neither_memory_nor_disk(box: Box) -> None:
    done = run(box, ("sh", "-c", "head -c 300000000 /dev/zero | tr '\\0' x; echo; echo END"), ENV, 60)
    assert done.well and done.said.endswith("END\n")
    assert len(done.said) <= KEPT_BYTES


def test_time_runs_out_and_nothing_is_left(box: Box, tmp_path: Path) -> None:
    """Also what left its session and its group, which a signal to the group would miss."""
    lone = "setsid sh -c 'while :; do date +%s%N >own.beat; sleep 0.05; done' & sleep 600"
    done = run(box, ("sh", "-c", lone), ENV, 1.0)
    assert done.timed_out and done.code == 137
    beat = tmp_path / "own" / "own.beat"
    last = beat.read_text()
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        assert beat.read_text() == last


def test_term_reaches_the_program_which_may_put_its_house_in_order(box: Box, tmp_path: Path) -> None:
    quiet = Box(write=box.write, cwd=box.cwd, session=False)
    argv = quiet.argv(("sh", "-c", "trap 'echo saved >saved; exit 3' TERM; echo up >up; while :; do sleep 0.05; done"))
    process = subprocess.Popen(argv, env=ENV, stdin=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 20
    while not (tmp_path / "own" / "up").exists():
        assert time.monotonic() < deadline
    os.killpg(process.pid, 15)
    assert process.wait(20) == 3
    assert (tmp_path / "own" / "saved").read_text() == "saved\n"


def test_keystrokes_cannot_be_planted_in_our_terminal(box: Box) -> None:
    """TIOCSTI: the sandbox has a session of its own, so no terminal."""
    argv = box.argv((PYTHON, "-c", PUSH))
    code = f"import pty,sys\nsys.exit(pty.spawn({list(argv)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False
    )
    assert b"ESCAPED" not in done.stdout and b"No such device" in done.stdout, done
    kept = [w for w in argv if w != "--new-session"]
    code = f"import pty,sys\nsys.exit(pty.spawn({kept!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False
    )
    assert b"No such device" not in done.stdout, "the planted bug: without a session of its own there is a terminal"


def test_a_descriptor_that_is_held_is_out_of_reach(box: Box, tmp_path: Path) -> None:
    """What stays open while the sandbox lives (a job's lock) is not among the program's own descriptors."""
    look = (PYTHON, "-c", "import os; print(sorted(os.listdir('/proc/self/fd')))")
    with (tmp_path / "lock").open("w") as lock:
        os.dup2(lock.fileno(), 77)
        try:
            held = Box(write=box.write, held=77)
            done = [
                subprocess.run(x.argv(look), env=ENV, capture_output=True, pass_fds=(77,), check=True).stdout
                for x in (held, box)
            ]
        finally:
            os.close(77)
    assert b"'77'" not in done[0]
    assert b"'77'" in done[1], "the planted bug: not held, it is inherited"


def test_what_is_hidden_in_a_readable_folder_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "lib" / "sealed").mkdir(parents=True)
    (tmp_path / "lib" / "sealed" / "labels").write_text("CANARY")
    (tmp_path / "lib" / "log.csv").write_text("CANARY")
    hidden = (str(tmp_path / "lib" / "sealed"), str(tmp_path / "lib" / "log.csv"))
    look = ("sh", "-c", f"cat {hidden[0]}/labels {hidden[1]}")
    box = Box(write=(), runtime=(str(tmp_path / "lib"),), hide=hidden)
    assert "CANARY" not in run(box, look, ENV, 20).said
    assert "CANARYCANARY" in run(Box(write=(), runtime=(str(tmp_path / "lib"),)), look, ENV, 20).said


def test_no_sandbox_no_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where bubblewrap is missing nothing runs instead of running free."""
    from importlib import import_module

    from rea.domain.errors import WorkloadError
    from rea.sandbox.probe import Probe

    module = import_module("rea.sandbox.run")
    monkeypatch.setattr(module, "probe", lambda: Probe("bwrap not found", "install it"))
    with pytest.raises(WorkloadError, match="no sandbox"):
        run(Box(write=()), ("touch", str(tmp_path / "ran")), ENV, 5)
    assert not (tmp_path / "ran").exists()


def test_it_starts_in_no_time(box: Box) -> None:
    run(box, ("true",), ENV, 20)
    seconds = min(run(box, ("true",), ENV, 20).seconds for _ in range(5))
    assert seconds < 0.5
