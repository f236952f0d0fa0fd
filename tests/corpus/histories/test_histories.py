"""Campaigns of every earlier version are opened, replayed and finished by this one."""

import gzip
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from rea.campaign import folding
from rea.campaign.evolve import replay
from rea.domain.campaign import Campaign
from rea.domain.event import Concluded, Event, JobEnded, JobReserved, Measured
from rea.domain.plan import Policy
from rea.domain.proposal import Outcome
from rea.store import codec, migrations, schema
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.durable import STORE, Shape, durable
from rea.testing.simulation import CAMPAIGN

HISTORIES = sorted(Path(__file__).parent.glob("*.db.gz"))
ONE_LOOK = Policy(seed=7, calibration_seeds=2, looks=(1,), finalists=1)
SHAPE = Shape(effects=(("a", 0.02),), rungs=False, budget_s=1600.0, policy=ONE_LOOK)


def named(kind: str) -> list[Path]:
    return [path for path in HISTORIES if path.name.endswith(f"-{kind}.db.gz")]


@pytest.fixture(params=HISTORIES, ids=lambda path: path.name.removesuffix(".db.gz"))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / STORE).write_bytes(gzip.decompress(request.param.read_bytes()))
    return tmp_path


def test_every_version_has_a_history() -> None:
    words = {word for path in HISTORIES for word in path.name.removesuffix(".db.gz").split("-")}
    wanted = {f"schema{n}" for n in range(1, schema.VERSION + 1)} | {f"events{n}" for n in range(1, codec.VERSION + 1)}
    assert wanted <= words, "run tests/corpus/histories/record.py"
    assert named("whole")
    assert named("begun")


def test_what_was_begun_is_finished_and_what_was_over_stays_so(place: Path) -> None:
    was_over = any(isinstance(r.event, Concluded) for r in SqlJournal(Database(place / STORE)).read(CAMPAIGN))
    before = keys(place)
    world = durable(place, SHAPE)
    world.finish()
    after, state = keys(place), world.state
    assert after[: len(before)] == before
    assert len(after) - len(before) <= (1 if was_over else 500)
    assert state.ended
    assert state.proposal is not None
    assert state.proposal.outcome is Outcome.WINNER
    assert state.ledger.held == 0
    assert state.ledger.spent <= state.ledger.granted
    assert world.database.path.exists()
    assert_nothing_lost([r.event for r in world.journal.read(CAMPAIGN)])


def test_from_event_after_event_on_it_is_finished_too(tmp_path: Path) -> None:
    for path in named("whole"):
        old = tmp_path / f"{path.stem}.old"
        old.write_bytes(gzip.decompress(path.read_bytes()))
        recorded = SqlJournal(Database(old)).read(CAMPAIGN)
        for cut in range(3, len(recorded), 37):
            place = tmp_path / f"{path.stem}-{cut}"
            place.mkdir()
            SqlJournal(Database(place / STORE)).restore(CAMPAIGN, recorded[:cut])
            world = durable(place, SHAPE)
            world.finish()
            assert_alike(replay(r.event for r in recorded), world.state)


def test_planted_bug_an_event_that_is_not_understood_any_more_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = folding.judging
    monkeypatch.setattr(folding, "judging", lambda c, event: None if isinstance(event, Measured) else right(c, event))
    (tmp_path / STORE).write_bytes(gzip.decompress(named("whole")[0].read_bytes()))
    state = replay(r.event for r in SqlJournal(Database(tmp_path / STORE)).read(CAMPAIGN))
    assert not all(record.judged for record in state.jobs.values())


def test_planted_bug_without_a_migration_an_old_store_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "MIGRATIONS", dict.fromkeys(migrations.MIGRATIONS, ()))
    (tmp_path / STORE).write_bytes(gzip.decompress(named("begun")[0].read_bytes()))
    Database(tmp_path / STORE)
    with (
        closing(sqlite3.connect(tmp_path / STORE)) as connection,
        pytest.raises(sqlite3.OperationalError, match="leases"),
    ):
        connection.execute("SELECT * FROM leases")


def turned(c: Campaign) -> set[str]:
    assert c.proposal is not None
    return {name for name, value in c.proposal.change.overrides if value}


def assert_alike(old: Campaign, new: Campaign) -> None:
    """The same switches win by hardly less evidence. What differs between versions: how far the search turned them, which changes nothing here, the
    last digits of a statistic, and the number of fresh seeds."""
    assert old.proposal is not None and new.proposal is not None
    assert (old.proposal.outcome, turned(old)) == (new.proposal.outcome, turned(new))
    assert old.proposal.finding is not None and new.proposal.finding is not None
    assert old.proposal.finding.verdict == new.proposal.finding.verdict
    assert old.proposal.finding.seeds <= new.proposal.finding.seeds + 2
    alike = old.proposal.change == new.proposal.change
    same = alike and old.proposal.finding.seeds == new.proposal.finding.seeds
    assert new.proposal.finding.raw == pytest.approx(old.proposal.finding.raw, rel=1e-9 if same else 0.1)


def keys(place: Path) -> list[str]:
    return [r.key for r in SqlJournal(Database(place / STORE)).read(CAMPAIGN)]


def assert_nothing_lost(events: list[Event]) -> None:
    reserved = Counter(event.job.id for event in events if isinstance(event, JobReserved))
    ended = Counter(event.job for event in events if isinstance(event, JobEnded))
    judged = Counter(event.job for event in events if isinstance(event, Measured))
    assert set(reserved.values()) == {1}
    assert reserved == ended == judged
