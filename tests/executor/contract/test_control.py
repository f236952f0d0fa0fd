"""Reading job directories: whatever lies there, the answer is clear and safe."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rea.domain.errors import IntegrityError, UsageError
from rea.domain.job import JobState
from rea.executor.contract import Exit, Life, Spec, clean_environment, prepare, read_state
from rea.executor.contract.exit import parse_exit, render_exit
from rea.executor.contract.log import plain, tail
from rea.executor.contract.status import status

WHOLE = '{"code": 137, "signal": 9, "reason": "exited", "started": 100, "ended": 103, "seconds": 3.25}' + " " * 400


def spec(**changed: object) -> Spec:
    return Spec(**{"job": "j", "argv": ("true",), "cwd": Path("/"), **changed})  # type: ignore[arg-type]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    prepare(tmp_path / "j", spec())
    return tmp_path / "j"


def put(place: Path, **files: str) -> None:
    for name, text in files.items():
        (place / "control" / name).write_text(text)


@contextmanager
def held(place: Path) -> Iterator[None]:
    with (place / "control" / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_the_four_lives(place: Path) -> None:
    assert read_state(place).life is Life.NEW
    put(place, claim="17 4711 boot 100\n")
    with held(place):
        assert read_state(place).life is Life.RUNNING
    assert read_state(place).life is Life.LOST
    put(place, exit=WHOLE)
    control = read_state(place)
    assert (control.life, control.exit and control.exit.word) == (Life.ENDED, "signal 9")


@pytest.mark.parametrize("limit_s, seconds", [(60, 70.0), (None, 365 * 86400.0)])
def test_a_lost_job_ran_no_longer_than_its_limit_however_the_clock_jumped(
    tmp_path: Path, limit_s: int | None, seconds: float
) -> None:
    """The clock jumps a year ahead while it runs, and then its node is lost; without a limit nothing else is known."""
    prepare(tmp_path / "j", spec(time_limit_s=limit_s))
    put(tmp_path / "j", claim="17 4711 boot 100\n", beat="")
    os.utime(tmp_path / "j" / "control" / "beat", (100 + 365 * 86400, 100 + 365 * 86400))
    for name in ("log", "next"):
        (tmp_path / "j" / "control" / name).touch()
        os.utime(tmp_path / "j" / "control" / name, (100, 100))
    told = status(tmp_path / "j", 1e12, 0.0)
    assert (told.state, told.seconds) == (JobState.LOST, seconds)


@pytest.mark.parametrize("text", ["", WHOLE[:40], "null", "[]", '{"code": "x"}', WHOLE.replace("3.25", "1e999999")])
def test_a_damaged_exit_is_lost_not_failed(place: Path, text: str) -> None:
    put(place, claim="17 4711 boot 100\n", exit=text)
    with held(place):
        assert read_state(place).life is Life.RUNNING
    if parse_exit(text) is None:
        assert (read_state(place).life, read_state(place).note) == (Life.LOST, "exit record unreadable")
        assert status(place, 110.0, 30.0).state is JobState.LOST


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_any_bytes_have_an_answer(place: Path, bytes_: bytes) -> None:
    for name in ("exit", "claim", "log", "job"):
        (place / "control" / name).write_bytes(bytes_)
    assert status(place, 100.0, 30.0).state is not JobState.SUCCEEDED


@given(st.integers(0, 100).map(lambda length: WHOLE[:length]))
def test_no_beginning_of_an_exit_is_an_exit(text: str) -> None:
    assert (parse_exit(text) is None) == (len(text) < len(WHOLE.strip()))


@given(
    st.builds(
        Exit,
        code=st.integers(0, 255),
        signal=st.none() | st.integers(1, 64),
        reason=st.sampled_from(["exited", "time_limit", "silence_limit", "cancelled"]),
        started=st.floats(0, 4e9),
        ended=st.floats(0, 4e9),
        seconds=st.floats(0, 1e9),
    )
)
def test_an_exit_reads_back(record: Exit) -> None:
    assert parse_exit(render_exit(record)) == record


def test_an_exit_that_is_written_while_we_look_is_not_missed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wrapper may record the exit and let go of the lock between our two looks."""
    put(place, claim="17 4711 boot 100\n")

    def end_meanwhile(_: Path) -> bool:
        put(place, exit=WHOLE)
        return False

    monkeypatch.setattr("rea.executor.contract.control._held", end_meanwhile)
    assert read_state(place).life is Life.ENDED


def test_an_unreadable_directory_is_unknown(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_text", broken)
    seen = status(place, 100.0, 30.0)
    assert seen.state is JobState.UNKNOWN
    assert "Input/output error" in seen.reason


def test_preparing_again_changes_nothing_and_another_command_is_refused(place: Path) -> None:
    before = (place / "control" / "spec").stat()
    prepare(place, spec())
    assert (place / "control" / "spec").stat() == before
    assert before.st_mode & 0o777 == 0o600
    with pytest.raises(IntegrityError):
        prepare(place, spec(argv=("false",)))


@pytest.mark.parametrize(
    "changed",
    [
        {"job": "../up"},
        {"job": ""},
        {"argv": ()},
        {"argv": ("a\0b",)},
        {"cwd": Path("relative")},
        {"env": (("_mine", "x"),)},
        {"env": (("IFS", "x"),)},
        {"env": (("A-B", "x"),)},
        {"env": (("A", "x\0"),)},
        {"time_limit_s": 0},
        {"memory_mb": -1},
        {"grace_s": 0},
    ],
)
def test_what_cannot_reach_a_job_unchanged_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        spec(**changed)


def test_only_what_is_allowed_or_named_is_passed_on() -> None:
    ours = {"PATH": "/bin", "HOME": "/h", "AWS_SECRET_ACCESS_KEY": "x", "PYTHONPATH": "/p", "VIRTUAL_ENV": "/v"}
    assert clean_environment(ours, {"HOME": "/other", "SEED": "1"}) == (
        ("HOME", "/other"),
        ("PATH", "/bin"),
        ("SEED", "1"),
    )


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred\x1b[0m\n", "red\n"),
        ("\x1b]0;title\x07text", "text"),
        ("10%\r50%\r100%\n", "100%\n"),
        ("50%\r", "50%"),
        ("one\r\ntwo\r\n", "one\ntwo\n"),
        ("bell\x07 nul\x00 tab\t", "bell nul tab\t"),
    ],
)
def test_a_tail_is_plain_text(raw: str, shown: str) -> None:
    assert plain(raw) == shown


def test_a_tail_is_bounded_and_survives_bad_bytes(place: Path) -> None:
    (place / "control" / "log").write_bytes(b"x" * 10_000 + b"\xff end")
    assert tail(place, 6) == "x\ufffd end"
    assert len(tail(place)) == 8192
    (place / "control" / "log").unlink()
    assert tail(place) == ""
