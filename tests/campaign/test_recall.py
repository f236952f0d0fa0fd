"""Snapshots save time and are never believed when they do not fit: of other code, of another history, damaged, or in the journal's place."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from rea.campaign import recall as recalling
from rea.campaign import snapshot
from rea.campaign.advance import advance
from rea.campaign.evolve import fold, replay
from rea.campaign.recall import Recall
from rea.domain.campaign import Campaign
from rea.domain.errors import IntegrityError
from rea.domain.event import JobReserved, JobTreated, Notified, Paused
from rea.domain.ids import Digest, JobId
from rea.domain.runbook import Cause, Remedy, Treatment
from rea.ports import Snapshot
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.store.snapshots import SqlSnapshots
from rea.testing.simulation import CAMPAIGN, Truth, World


@pytest.fixture(scope="module")
def world() -> World:
    snapshot.LOOSE = 20
    w = World(truth=Truth(effects={"a": 0.02, "b": 0.012, "c": -0.01}), budget_s=2400.0)
    w.run()
    return w


@pytest.fixture
def log(world: World, tmp_path: Path) -> SqlJournal:
    journal = SqlJournal(Database(tmp_path / "store.db"))
    journal.append(CAMPAIGN, [r.event for r in world.journal.read(CAMPAIGN)])
    return journal


@pytest.fixture
def snapshots(log: SqlJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqlSnapshots:
    monkeypatch.setattr(recalling, "WORTH", 10)
    return SqlSnapshots(Database(tmp_path / "store.db"))


def recall(log: SqlJournal, snapshots: SqlSnapshots) -> Recall:
    return Recall(campaign=CAMPAIGN, journal=log, snapshots=snapshots)


def test_what_is_thawed_after_every_few_events_is_what_was_folded(world: World) -> None:
    events = [r.event for r in world.journal.read(CAMPAIGN)]
    state = Campaign()
    for at, event in enumerate(events):
        state = fold(state, (event,))
        if at % 11 == 0:
            assert snapshot.thaw(snapshot.freeze(state)) == state
    again = snapshot.thaw(snapshot.freeze(state))
    assert again.jobs.packs and len(again.jobs) == len(state.jobs)
    once_more = snapshot.thaw(snapshot.freeze(again))
    assert once_more.jobs.packs == again.jobs.packs, "what was packed is copied as it lies"
    assert once_more == again == state
    assert fold(snapshot.thaw(snapshot.freeze(fold(Campaign(), events[:90]))), events[90:]) == state


def test_what_is_packed_reads_as_if_it_were_not(world: World) -> None:
    state = world.state
    packed = snapshot.thaw(snapshot.freeze(state))
    assert {j: packed.jobs[j] for j in state.jobs} == dict(state.jobs.items())
    assert sorted(packed.jobs) == sorted(state.jobs)
    assert list(reversed(packed.jobs)) == list(packed.jobs)[::-1]
    assert dict(packed.attempts.items()) == dict(state.attempts.items())
    assert "never" not in packed.jobs and packed.jobs.get(JobId("e0.select.s0.a9")) is None
    assert all(e in packed.attempts for e in state.attempts) and packed.jobs.copy() == state.jobs


def test_what_was_packed_and_is_loosened_is_the_same_in_the_same_order(world: World) -> None:
    packed = snapshot.thaw(snapshot.freeze(world.state))
    assert packed.jobs.packs
    before = list(packed.jobs.items())
    packed.jobs.loosen()
    assert not packed.jobs.packs and list(packed.jobs.items()) == before and len(packed.jobs) == len(before)
    assert list(packed.jobs) == [job for job, _ in before]
    assert snapshot.thaw(snapshot.freeze(packed)) == packed == world.state


def test_a_late_fact_about_a_packed_job_is_folded_as_ever(world: World) -> None:
    state = world.state
    packed = snapshot.thaw(snapshot.freeze(state))
    job = next(j for key in packed.jobs.packs for j in packed.attempts[key])
    late = (
        JobTreated(job=job, treatment=Treatment(entry="x", cause=Cause.UNKNOWN, remedy=Remedy.DROP, reason="late")),
        JobReserved(job=replace(state.jobs[job].job, id=JobId(f"{job[:-1]}1"), attempt=1)),
    )
    assert fold(packed, late) == fold(state, late) != state


def test_the_next_wake_reads_the_tail_only(log: SqlJournal, snapshots: SqlSnapshots) -> None:
    first = recall(log, snapshots)
    state = replay(r.event for r in log.read(CAMPAIGN))
    assert first.now() == state
    first.keep()
    log.append(CAMPAIGN, [Notified(kind="k", subject="s")])
    read: list[int] = []

    class Watched:
        def read(self, campaign: object, after: int = 0, most: int | None = None) -> object:
            read.append(after)
            return log.read(CAMPAIGN, after, most)

    second = Recall(campaign=CAMPAIGN, journal=Watched(), snapshots=snapshots)  # type: ignore[arg-type]
    assert second.now() == fold(state, (Notified(kind="k", subject="s"),))
    assert read == [first.length, first.length + 1]


WRONG = Campaign(paused="a lie")


def test_a_snapshot_of_other_code_is_not_read(log: SqlJournal, snapshots: SqlSnapshots) -> None:
    snapshots.save(CAMPAIGN, 20, snapshot.version() ^ 1, snapshot.freeze(WRONG))
    assert recall(log, snapshots).now() == replay(r.event for r in log.read(CAMPAIGN))


def test_planted_bug_without_the_version_a_lie_is_believed(
    log: SqlJournal, snapshots: SqlSnapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = snapshot.version() ^ 1
    snapshots.save(CAMPAIGN, 20, other, snapshot.freeze(WRONG))
    monkeypatch.setattr(snapshot, "version", lambda: other)
    assert recall(log, snapshots).now().paused == "a lie"


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b"\x80", b"\x00\xff"])
def test_one_that_cannot_be_read_is_as_good_as_none(log: SqlJournal, snapshots: SqlSnapshots, payload: bytes) -> None:
    snapshots.save(CAMPAIGN, 20, snapshot.version(), payload)
    assert recall(log, snapshots).now() == replay(r.event for r in log.read(CAMPAIGN))


def test_one_whose_fields_cannot_be_unpacked_is_as_good_as_none(log: SqlJournal, snapshots: SqlSnapshots) -> None:
    broken = {"told": b"no stream", "loose": [], "packs": {}, "packed": 0, "attempts": {}, "counts": {}}
    snapshots.save(CAMPAIGN, 20, snapshot.version(), msgspec.msgpack.encode(broken))
    assert recall(log, snapshots).now() == replay(r.event for r in log.read(CAMPAIGN))


def test_one_of_another_history_is_as_good_as_none(log: SqlJournal, snapshots: SqlSnapshots, tmp_path: Path) -> None:
    other = SqlJournal(Database(tmp_path / "other.db"))
    other.append(CAMPAIGN, [replace(r.event) for r in log.read(CAMPAIGN)][:20])
    elsewhere = SqlSnapshots(Database(tmp_path / "other.db"))
    elsewhere.save(CAMPAIGN, 20, snapshot.version(), snapshot.freeze(WRONG))
    kept = elsewhere.load(CAMPAIGN, snapshot.version())
    assert kept is not None
    with Database(tmp_path / "other.db").read() as source, Database(tmp_path / "store.db").write() as target:
        rows = source.exec_driver_sql("SELECT * FROM snapshots").all()
        target.exec_driver_sql("INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?)", [tuple(row) for row in rows])
    assert recall(log, snapshots).now().paused == ""


def test_an_event_corrupted_after_the_snapshot_is_named_and_every_reader_checks_all(
    log: SqlJournal, snapshots: SqlSnapshots, tmp_path: Path
) -> None:
    kept = recall(log, snapshots)
    kept.now()
    kept.keep()
    log.append(CAMPAIGN, [Notified(kind="k", subject=str(n)) for n in range(4)])
    with Database(tmp_path / "store.db").write() as connection:
        connection.exec_driver_sql("UPDATE events SET payload = '{}' WHERE seq = ?", (kept.length + 2,))
    with pytest.raises(IntegrityError, match=f"event {kept.length + 2} "):
        recall(log, snapshots).now()
    with pytest.raises(IntegrityError, match=f"event {kept.length + 2} "):
        log.verify(CAMPAIGN)


def test_a_decision_on_a_snapshot_is_fenced_like_any_other(world: World, snapshots: SqlSnapshots) -> None:
    """A snapshot that forgets the last events cannot decide on less than is recorded: the tail is always read."""

    class Forgetful:
        def load(self, *_: object) -> Snapshot:
            early = replay(r.event for r in world.journal.read(CAMPAIGN)[:10])
            return Snapshot(10, snapshot.freeze(early))

        save = load

    world.journal.append(CAMPAIGN, [Paused(reason="r", by="ann", command="c")])
    memory = Recall(campaign=CAMPAIGN, journal=world.journal, snapshots=Forgetful())  # type: ignore[arg-type]
    advance(CAMPAIGN, world.ports, Digest("runbook"), memory)
    assert memory.state == world.state
