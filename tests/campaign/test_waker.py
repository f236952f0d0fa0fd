"""One advancer, no lost knock, and crashes that are recorded."""

import errno
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rea import gate
from rea.campaign import waker
from rea.domain.action import Wake
from rea.domain.errors import StoreError


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "campaigns" / "c").mkdir(parents=True)
    return tmp_path


class Looks:
    """An advance that does one scripted thing per look."""

    def __init__(self, *script: Callable[[], None]) -> None:
        self.script = list(script)
        self.count = 0

    def __call__(self) -> Wake:
        self.count += 1
        if self.script:
            self.script.pop(0)()
        return Wake(next_at=7.5, waiting_for="a job")


def refuse(error: Exception) -> None:
    raise AssertionError("no crash was expected") from error


def directory(state: Path) -> Path:
    return gate.place(state, "c")


def test_looks_once_and_notes_when_to_look_again(state: Path) -> None:
    looks = Looks()
    waker.run(state, "c", looks, refuse)
    assert looks.count == 1
    assert (directory(state) / "due").read_text() == "7.5"
    assert gate.try_lock(directory(state)) is not None


def test_leaves_at_once_where_another_is_at_it(state: Path) -> None:
    looks = Looks()
    with gate.try_lock(directory(state)) or pytest.fail("not free"):
        waker.run(state, "c", looks, refuse)
    assert looks.count == 0
    assert gate.pending(directory(state))


def lose_the_race(state: Path) -> Callable[[], None]:
    def knock() -> None:
        assert gate.knock(directory(state)) is None

    return knock


def test_a_knock_while_looking_causes_another_look(state: Path) -> None:
    looks = Looks(lose_the_race(state))
    waker.run(state, "c", looks, refuse)
    assert looks.count == 2
    assert not gate.pending(directory(state))


class LateKnock(gate.Held):
    """Somebody knocks, and loses, in the last instant before the lock is let go."""

    def release(self) -> None:
        assert gate.knock(self.directory) is None
        super().release()


def late(state: Path) -> LateKnock:
    held = gate.try_lock(directory(state))
    assert held is not None
    return LateKnock(held.directory, held._handle)


def test_a_knock_in_the_last_instant_is_not_lost(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks()
    waker.run(state, "c", looks, refuse, late(state))
    assert looks.count == 2
    monkeypatch.setattr(gate, "pending", lambda _: False)  # planted: nobody looks again after letting go
    looks = Looks()
    waker.run(state, "c", looks, refuse, late(state))
    assert looks.count == 1


def test_the_knock_is_taken_before_looking(state: Path) -> None:
    seen: list[bool] = []
    waker.run(state, "c", Looks(lambda: seen.append(gate.pending(directory(state)))), refuse)
    assert seen == [False]


def test_a_crash_is_recorded_and_waits_for_a_person(state: Path) -> None:
    crashes: list[Exception] = []

    def crash() -> None:
        raise ZeroDivisionError("planted")

    waker.run(state, "c", Looks(crash), crashes.append)
    assert [str(error) for error in crashes] == ["planted"]
    assert not gate.owed(directory(state), time.time())
    assert gate.try_lock(directory(state)) is not None


def test_a_crash_that_cannot_be_recorded_is_tried_again(state: Path) -> None:
    def crash() -> None:
        raise ZeroDivisionError("planted")

    def fail(error: Exception) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        waker.run(state, "c", Looks(crash), fail)
    assert gate.owed(directory(state), time.time())
    assert gate.try_lock(directory(state)) is not None


def test_what_passes_by_itself_is_tried_again_later(state: Path) -> None:
    def unreachable() -> None:
        raise StoreError("database is locked")

    before = time.time()
    waker.run(state, "c", Looks(unreachable), refuse)
    assert not gate.owed(directory(state), before)
    assert gate.owed(directory(state), time.time() + waker.RETRY_S)


def test_a_person_interrupting_loses_no_work(state: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        waker.run(state, "c", Looks(interrupt), refuse)
    assert gate.owed(directory(state), time.time())


def full_disk() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def forbidden() -> None:
    raise PermissionError(errno.EACCES, "Permission denied")


def test_a_full_disk_is_tried_again_and_needs_no_person(state: Path) -> None:
    waker.run(state, "c", Looks(full_disk), refuse)
    assert float((directory(state) / "due").read_text()) > time.time()


def test_what_nobody_frees_waits_for_a_person(state: Path) -> None:
    recorded: list[Exception] = []
    waker.run(state, "c", Looks(forbidden), recorded.append)
    assert [type(error) for error in recorded] == [PermissionError]
    assert (directory(state) / "due").read_text() == ""
