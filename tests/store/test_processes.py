"""Real processes: appending at once, killed in the middle, copied in the middle."""

import os
import random
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from store import writers

from rea.domain.errors import StoreError
from rea.store import storage
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.conformance_journal import C, note

pytestmark = pytest.mark.real


@pytest.fixture(params=["truncate", "wal"], autouse=True)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run everything with either journal of SQLite, whichever this machine would choose."""
    last = (99, 0, 0) if request.param == "truncate" else (0, 0, 0)
    monkeypatch.setattr(storage, "WAL_RESET_BUG", ((0, 0, 0), last))


KILLS = 30
COPIES = 15


def test_processes_that_append_at_once_lose_and_repeat_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    started = [writers.start(writers.append_notes, path, name, 40) for name in ("a", "a", "b", "c")]
    for process in started:
        process.join(60)
    assert [process.exitcode for process in started] == [0] * 4
    keys = [record.key for record in SqlJournal(Database(path)).read(C)]
    assert sorted(keys) == sorted(note(f"{name}-{index}").key for name in "abc" for index in range(40))


def test_processes_that_reserve_at_once_never_overspend(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    started = [writers.start(writers.reserve_greedily, path, C, 100 * n) for n in range(3)]
    for process in started:
        process.join(60)
    journal = SqlJournal(Database(path))
    assert journal.ledger(C).held == 40
    assert journal.verify(C) == 42


def test_killed_anywhere_nothing_acknowledged_is_lost_and_nothing_repeated(tmp_path: Path) -> None:
    kill_and_check(tmp_path)
    assert len((tmp_path / "acknowledged").read_text().split()) >= KILLS // 2


def test_planted_bug_what_is_acknowledged_before_it_is_kept_is_lost(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        kill_and_check(tmp_path, early=True)


def kill_and_check(folder: Path, early: bool = False) -> None:
    path, acknowledged, die = folder / "store.db", folder / "acknowledged", random.Random(1)
    acknowledged.touch()
    for kill in range(KILLS):
        process, before = (
            writers.start(writers.append_until_killed, path, acknowledged, early),
            acknowledged.stat().st_size,
        )
        while (
            kill % 2 and acknowledged.stat().st_size == before
        ):  # every other one dies at work, however slow the machine
            process.join(0.001)
        process.join(die.uniform(0.0, 0.05))
        process.kill()
        process.join(10)
        assert process.exitcode == -signal.SIGKILL
        _whole(path, acknowledged)


def test_a_copy_taken_in_the_middle_of_a_write_is_a_whole_prefix(tmp_path: Path) -> None:
    """What lies on the disk when the power goes: the database beside whatever journal there is."""
    path, acknowledged, die = tmp_path / "store.db", tmp_path / "acknowledged", random.Random(2)
    acknowledged.touch()
    process = writers.start(writers.append_until_killed, path, acknowledged)
    try:
        while acknowledged.stat().st_size == 0:
            process.join(0.005)
        hot = sum(_copied(process.pid or 0, path, acknowledged, tmp_path / str(n), die) for n in range(COPIES))
    finally:
        process.kill()
        process.join(10)
    assert hot or COPIES < 10, "no copy was taken inside a transaction: this test tested nothing"


def test_a_full_disk_is_told_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", tmp_path], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        journal, written = SqlJournal(Database(tmp_path / "store.db")), 0
        with pytest.raises(StoreError, match="disk is full") as caught:
            while written < 10_000:
                written = journal.append(C, [note(f"{written}-{'x' * 500}")])
        assert "free some space" in caught.value.hint
        assert journal.verify(C) == written > 10
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def _whole(path: Path, acknowledged: Path) -> None:
    pairs = acknowledged.read_text().split()
    keys = [record.key for record in SqlJournal(Database(path)).read(C)]
    expected = [note(f"{index}-{half}").key for index in range(len(keys) // 2) for half in "ab"]
    assert keys == expected
    assert len(pairs) * 2 <= len(keys)


def beside(path: Path) -> list[Path]:
    """Return the journals that lie beside a database; the index of a write-ahead log does not outlive its machine."""
    names = (path.with_name(f"{path.name}-{suffix}") for suffix in ("journal", "wal"))
    return [name for name in names if name.exists()]


def _copied(pid: int, path: Path, acknowledged: Path, to: Path, die: random.Random) -> bool:
    """Copy the stopped writer's files, check the copy, and return whether a transaction was open."""
    to.mkdir()
    os.kill(pid, signal.SIGSTOP)
    try:
        os.waitid(os.P_PID, pid, os.WSTOPPED)
        for found in (path, acknowledged, *beside(path)):
            shutil.copy(found, to)
    finally:
        os.kill(pid, signal.SIGCONT)
    hot = any(found.stat().st_size for found in beside(to / path.name))
    _whole(to / "store.db", to / "acknowledged")
    for _ in range(die.randrange(3000)):  # so that the next copy meets another moment
        pass
    return hot
