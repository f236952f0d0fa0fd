"""A killed holder is taken over at once, a stopped one does nothing when it comes back, one in a long step keeps what it holds."""

import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest
from store import writers

from rea.domain.errors import CampaignBusy
from rea.domain.ids import JobId
from rea.domain.job import Launch
from rea.executor.backends.fenced import Fenced
from rea.executor.backends.simulated import Run
from rea.store import heartbeat, holders, leases
from rea.store.database import Database
from rea.store.heartbeat import beating
from rea.store.journal import SqlJournal
from rea.testing.cluster import LoggedCluster
from rea.testing.conformance_journal import C, note

SHORT_S, PATIENCE_S = 0.4, 30.0
LAUNCH = Launch(
    job=JobId("j"), directory="/j", argv=("true",), cwd="/", environment=(), time_limit_s=60, silence_limit_s=60
)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    return tmp_path / "store.db" if request.param == "sqlite" else str(request.getfixturevalue("url"))


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < deadline
        os.sched_yield()


def hold(place: Path | str, ready: Path) -> None:
    """Take the lease for a quarter of an hour, and keep it."""
    leases.take(Database(place), C, holders.myself(), term_s=900.0)
    ready.touch()
    signal.pause()


def take_from(place: Path | str, folder: Path, sign: signal.Signals) -> leases.Lease:
    """Send a holder a signal and try to take its lease at once."""
    Database(place)
    process = writers.start(hold, place, folder / "ready")
    wait_for(folder / "ready")
    try:
        with pytest.raises(CampaignBusy):
            leases.take(Database(place), C, holders.myself())
        os.kill(process.pid or 0, sign)
        if sign is signal.SIGKILL:
            process.join(PATIENCE_S)
        return leases.take(Database(place), C, holders.myself())
    finally:
        process.kill()
        process.join(PATIENCE_S)


def test_a_killed_holder_of_this_machine_is_taken_over_at_once(place: Path | str, tmp_path: Path) -> None:
    assert take_from(place, tmp_path, signal.SIGKILL).fence == 2


def test_a_stopped_holder_is_alive(place: Path | str, tmp_path: Path) -> None:
    with pytest.raises(CampaignBusy):
        take_from(place, tmp_path, signal.SIGSTOP)


def test_planted_bug_without_looking_for_the_process_a_killed_one_blocks(
    place: Path | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holders, "gone", lambda holder: False)
    with pytest.raises(CampaignBusy):
        take_from(place, tmp_path, signal.SIGKILL)


def test_only_what_is_known_to_have_ended_is_gone() -> None:
    me = holders.myself()
    host, pid, born, here, own = me.split(":")
    assert not holders.gone(me)
    assert holders.gone(":".join((host, pid, str(int(born) - 1), here, own))), "the pid was born again"
    for other in ("another.0", ""):
        assert not holders.gone(":".join((host, "4194304", born, other, own))), "of another boot nothing is known"
    for odd in ("", "a", "a:b:c:d:e", f"{host}:{pid}:{time.time_ns()}"):
        assert not holders.gone(odd)


def acts_late(place: Path | str, log: Path, ready: Path, go: Path, said: Path) -> None:
    """Take a lease, be stopped, and then submit and cancel under it, as a wake that decided so before."""
    database = Database(place)
    lease = leases.take(database, C, holders.myself(), term_s=SHORT_S)
    cluster = LoggedCluster(outcome=lambda _: Run(seconds=1.0), now=lambda: 0.0, log=log)
    jobs = Fenced(cluster, partial(leases.prove, database, lease))
    ready.touch()
    wait_for(go)
    answers = []
    for act in (partial(jobs.submit, LAUNCH), partial(jobs.cancel, LAUNCH.job)):
        try:
            act()
            answers.append("acted")
        except CampaignBusy:
            answers.append("refused")
    said.write_text(" ".join(answers))


def stopped_past_its_term(place: Path | str, folder: Path) -> tuple[str, int]:
    """Return what became of the acts of a holder that slept past its lease, and how many reached the cluster."""
    log, ready, go, said = (folder / name for name in ("cluster.log", "ready", "go", "said"))
    Database(place)
    slow = writers.start(acts_late, place, log, ready, go, said)
    wait_for(ready)
    os.kill(slow.pid or 0, signal.SIGSTOP)
    database, other = Database(place), None
    while other is None:
        try:
            other = leases.take(database, C, holders.myself())
        except CampaignBusy:
            slow.join(0.02)
    go.touch()
    os.kill(slow.pid or 0, signal.SIGCONT)
    slow.join(PATIENCE_S)
    return said.read_text(), len(log.read_text().splitlines())


def test_a_wake_that_lost_its_lease_submits_and_cancels_nothing(place: Path | str, tmp_path: Path) -> None:
    assert stopped_past_its_term(place, tmp_path) == ("refused refused", 0)


def test_planted_bug_without_the_proof_it_does_both(
    place: Path | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "prove", lambda database, lease: None)
    assert stopped_past_its_term(place, tmp_path) == ("acted acted", 2)


def others_in_a_long_step(place: Path | str) -> int:
    """Return how often others got the lease while its holder was in a step of four terms that appends nothing."""
    database = Database(place)
    lease = leases.take(database, C, "away:1:1:elsewhere:x", term_s=SHORT_S)
    taken, end = 0, time.monotonic() + 4 * SHORT_S
    with beating(database, lease):
        while time.monotonic() < end:
            try:
                leases.take(database, C, f"other{taken}:1:1:elsewhere:x")
                taken += 1
                break
            except CampaignBusy:
                continue
    return taken


def test_a_long_step_keeps_the_lease(place: Path | str) -> None:
    assert others_in_a_long_step(place) == 0


def test_planted_bug_without_the_heartbeat_it_is_taken(place: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_beat", lambda *_: None)
    assert others_in_a_long_step(place) == 1


def test_a_holder_that_hangs_is_not_kept_up_for_ever(place: Path | str) -> None:
    database = Database(place)
    lease = leases.take(database, C, "away:1:1:elsewhere:x", term_s=SHORT_S)
    deadline = time.monotonic() + PATIENCE_S
    with beating(database, lease, longest_s=2 * SHORT_S):
        while True:
            assert time.monotonic() < deadline
            try:
                leases.take(database, C, "other:1:1:elsewhere:x")
                break
            except CampaignBusy:
                continue
    with pytest.raises(CampaignBusy):
        SqlJournal(database, lease=lease).append(C, [note("too late")])


def test_what_was_given_back_is_not_revived_by_a_late_beat(place: Path | str) -> None:
    database = Database(place)
    lease = leases.take(database, C, "a")
    leases.release(database, lease)
    with pytest.raises(CampaignBusy):
        leases.prove(database, lease)
    assert leases.take(database, C, "b").fence == lease.fence + 1
