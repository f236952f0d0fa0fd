"""The gate, with real processes: cheap when there is nothing to do, and no knock lost."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from executor.contract.jobs import eventually

from rea import gate

# A stand-in for the application: counts who imports it, and looks until it is told that it may end.
APPLICATION = """
import os, sys, types
from pathlib import Path
state = Path(sys.argv[1])
def note(word):
    with (state / "trace").open("a") as trace: trace.write(f"{word} {os.getpid()}\\n")
class Application(types.ModuleType):
    def __getattr__(self, name):
        if name == "record_crash": return lambda *_: note("crash")
        if name != "wake": raise AttributeError(name)
        note("heavy")
        import sqlalchemy
        return look
def look(state, campaign):
    from rea.domain.action import Wake
    note("look")
    if (state / "wait").exists():
        with (state / "wait").open() as wait: wait.read()
    return Wake(next_at=None, waiting_for="")
sys.modules["rea.app"] = Application("rea.app")
from rea.gate import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "campaigns" / "c").mkdir(parents=True)
    return tmp_path


def wake(state: Path, word: str = "c") -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-P", "-c", APPLICATION, str(state), word])


def trace(state: Path) -> list[str]:
    path = state / "trace"
    return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


def campaign(state: Path) -> Path:
    return gate.place(state, "c")


@pytest.mark.real
def test_twenty_four_job_ends_are_no_herd(state: Path) -> None:
    wakers = [wake(state) for _ in range(24)]
    assert [waker.wait() for waker in wakers] == [0] * 24
    assert 1 <= trace(state).count("heavy") <= 3, "the heavy part was imported by a herd"
    assert not gate.pending(campaign(state))


@pytest.mark.real
def test_without_the_lock_there_is_a_herd(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unguarded = APPLICATION.replace(
        "from rea.gate import main", "import fcntl; fcntl.LOCK_EX = fcntl.LOCK_SH\nfrom rea.gate import main"
    )
    monkeypatch.setitem(globals(), "APPLICATION", unguarded)
    for waker in [wake(state) for _ in range(8)]:
        waker.wait()
    assert trace(state).count("heavy") > 3


@pytest.mark.real
def test_a_knock_during_a_look_causes_another(state: Path) -> None:
    with blocked(state) as release:
        holder = wake(state)
        assert eventually(lambda: trace(state) == ["heavy", "look"])
        assert wake(state).wait() == 0
        assert trace(state) == ["heavy", "look"], "a loser is to leave at once"
        release()
        assert holder.wait() == 0
    assert trace(state) == ["heavy", "look", "look"]


@pytest.mark.real
def test_a_killed_look_is_owed(state: Path) -> None:
    with blocked(state):
        holder = wake(state)
        assert eventually(lambda: "look" in trace(state))
        assert not gate.pending(campaign(state))
        holder.kill()
        holder.wait()
    assert gate.owed(campaign(state), time.time())
    assert gate.try_lock(campaign(state)) is not None


class blocked:
    """Makes looks wait until released, without sleeping: they read from a named pipe."""

    def __init__(self, state: Path) -> None:
        self.pipe = state / "wait"

    def __enter__(self) -> "blocked":
        os.mkfifo(self.pipe)
        return self

    def __call__(self) -> None:
        pipe = self.pipe.rename(self.pipe.with_name("was"))
        pipe.write_text("")

    def __exit__(self, *_: object) -> None:
        self.pipe.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("due", "knocked", "stopped", "expected"),
    [
        (None, False, False, False),
        ("", False, False, False),
        ("99.5", False, False, True),
        ("100.5", False, False, False),
        ("100.5", True, False, True),
        ("100.5", False, True, True),
        ("torn", False, False, True),
        ("nan", False, False, True),
    ],
)
def test_what_is_owed(state: Path, due: str | None, knocked: bool, stopped: bool, expected: bool) -> None:
    directory = campaign(state)
    if due is not None:
        (directory / "due").write_text(due)
    if knocked:
        (directory / "pending").touch()
    if stopped:
        (directory / "STOP").touch()
    assert gate.owed(directory, 100.0) is expected


def test_a_stop_is_noticed_once(state: Path) -> None:
    stop = campaign(state) / "STOP"
    stop.touch()
    os.utime(stop, (1.0, 1.0))
    with gate.try_lock(campaign(state)) or pytest.fail("not free"):
        gate.begin_look(campaign(state))
        assert gate.try_lock(campaign(state)) is None
        gate.end_look(campaign(state), None)
        assert not gate.owed(campaign(state), 100.0)
        gate.begin_look(campaign(state))
        stop.touch()  # while somebody looks elsewhere
        gate.end_look(campaign(state), None)
    assert gate.owed(campaign(state), 100.0)


@pytest.mark.real
def test_the_timer_wakes_only_what_is_due(state: Path) -> None:
    for name, due in (("early", "1"), ("late", repr(time.time() + 1e6)), ("never", "")):
        gate.place(state, name).mkdir()
        (gate.place(state, name) / "due").write_text(due)
    assert list(gate._owed_campaigns(state, time.time())) == ["early"]
    assert wake(state, "--due").wait() != 0, "the campaign has no journal, and the process it started is to say so"
    assert gate.owed(gate.place(state, "early"), time.time()), "a wake that failed is still owed"
    assert (state / "timer").exists()


@pytest.mark.real
def test_nothing_to_do_is_cheap(state: Path) -> None:
    (campaign(state) / "due").write_text("")
    listing = "import sys; from rea.gate import main; main(sys.argv[1:]); print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-P", "-c", listing, str(state), "--due"], capture_output=True, text=True, check=True
    )
    ours = {name for name in found.stdout.split() if name.split(".")[0] == "rea"}
    assert ours == {"rea", "rea.gate"}
    assert not {"sqlalchemy", "numpy", "click", "msgspec", "dataclasses", "subprocess"} & set(found.stdout.split())


@pytest.mark.parametrize("argv", [[], ["nowhere", "c"], ["{state}", "no-such"], ["{state}", "c", "more"]])
def test_bad_arguments(state: Path, argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert gate.main([word.format(state=state) for word in argv]) == 2
    assert capsys.readouterr().err
