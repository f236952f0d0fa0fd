"""Who may advance a campaign, where several machines share a store."""

import os
import signal
from pathlib import Path

import pytest
from store import writers

from rea.domain.errors import CampaignBusy
from rea.store import leases
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.conformance_journal import C, note

HOLDERS, ROUNDS = 6, 15
SHORT_S = 0.3


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    return tmp_path / "store.db" if request.param == "sqlite" else str(request.getfixturevalue("url"))


def test_one_holder_at_a_time_and_numbers_that_only_grow(place: Path | str) -> None:
    database = Database(place)
    first = leases.take(database, C, "a")
    with pytest.raises(CampaignBusy, match="by a"):
        leases.take(database, C, "b")
    leases.release(database, first)
    second = leases.take(database, C, "b")
    assert second.fence > first.fence
    leases.release(database, first)  # lost long ago: nothing happens
    with pytest.raises(CampaignBusy):
        leases.take(database, C, "c")


def hold_and_act(place: Path | str, name: str, rounds: int, acts: Path) -> None:
    """Take the lease again and again, and act under it: note the fence, a line for each act that was let through."""
    database = Database(place)
    done = 0
    while done < rounds:
        try:
            lease = leases.take(database, C, f"{name}:{os.getpid()}")
        except CampaignBusy:
            continue
        journal = SqlJournal(database, lease=lease)
        length = len(journal.read(C))
        journal.append(C, [note(f"{name}-{done}")], expected=length)
        with acts.open("a") as file:
            file.write(f"{lease.fence}\n")
        leases.release(database, lease)
        done += 1


def test_many_at_once_act_one_after_another(place: Path | str, tmp_path: Path) -> None:
    acts = tmp_path / "acts"
    Database(place)
    started = [writers.start(hold_and_act, place, f"p{n}", ROUNDS, acts) for n in range(HOLDERS)]
    for process in started:
        process.join(120)
    assert [process.exitcode for process in started] == [0] * HOLDERS
    fences = [int(line) for line in acts.read_text().split()]
    assert len(set(fences)) == len(fences) == HOLDERS * ROUNDS
    assert len(SqlJournal(Database(place)).read(C)) == HOLDERS * ROUNDS


def slow_holder(place: Path | str, ready: Path, go: Path, said: Path) -> None:
    """Take a lease, wait to be told, and try to act under it."""
    database = Database(place)
    journal = SqlJournal(database, lease=leases.take(database, C, "slow", term_s=SHORT_S))
    ready.touch()
    while not go.exists():
        os.sched_yield()
    try:
        journal.append(C, [note("too late")])
        said.write_text("acted")
    except CampaignBusy:
        said.write_text("refused")


def paused_past_its_lease(place: Path | str, folder: Path) -> str:
    """Stop a holder, let another take over when the term is over, wake the first, and return what became of its act."""
    ready, go, said = folder / "ready", folder / "go", folder / "said"
    slow = writers.start(slow_holder, place, ready, go, said)
    while not ready.exists():
        slow.join(0.005)
    os.kill(slow.pid or 0, signal.SIGSTOP)
    database = Database(place)
    other = None
    while other is None:
        try:
            other = leases.take(database, C, "other")
        except CampaignBusy:
            slow.join(0.02)
    SqlJournal(database, lease=other).append(C, [note("taken over")])
    go.touch()
    os.kill(slow.pid or 0, signal.SIGCONT)
    slow.join(30)
    return said.read_text()


def test_a_holder_that_slept_past_its_lease_is_refused(place: Path | str, tmp_path: Path) -> None:
    assert paused_past_its_lease(place, tmp_path) == "refused"
    assert len(SqlJournal(Database(place)).read(C)) == 1


def test_planted_bug_without_the_fence_it_would_act(
    place: Path | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "renew", lambda connection, lease, now: None)
    assert paused_past_its_lease(place, tmp_path) == "acted"


def test_an_act_prolongs_the_lease(place: Path | str) -> None:
    database = Database(place)
    journal = SqlJournal(database, lease=leases.take(database, C, "a", term_s=30.0))
    with database.read() as connection:
        before = connection.exec_driver_sql("SELECT expires FROM leases").scalar_one()
    journal.append(C, [note("x")])
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT expires FROM leases").scalar_one() > before
