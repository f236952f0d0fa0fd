"""Whatever is done to the table behind the program's back is found, and named."""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from rea.domain.errors import IntegrityError
from rea.domain.ids import CampaignId
from rea.store import chain
from rea.store.chain import Link
from rea.store.codec import Entry
from rea.store.journal import SqlJournal
from rea.testing.conformance_journal import OTHER, C, granted, note, reserved

DAMAGE = {
    "payload": ("UPDATE events SET payload = CAST(replace(payload, '100', '900') AS BLOB) WHERE seq = 2", 2),
    "one bit": (
        "UPDATE events SET payload = CAST(substr(payload, 1, 5) || 'x' || substr(payload, 7) AS BLOB) WHERE seq = 3",
        3,
    ),
    "text": ("UPDATE events SET payload = replace(payload, '100', '900') WHERE seq = 2", 2),
    "time": ("UPDATE events SET at = 'yesterday' WHERE seq = 4", 4),
    "kind": ("UPDATE events SET kind = 'Stopped' WHERE seq = 4", 4),
    "key": ("UPDATE events SET key = 'other' WHERE seq = 4", 4),
    "version": ("UPDATE events SET v = 9 WHERE seq = 1", 1),
    "missing": ("DELETE FROM events WHERE seq = 3", 3),
    "first": ("DELETE FROM events WHERE seq = 1", 1),
    "truncated": ("DELETE FROM events WHERE seq > 4", 5),
    "all": ("DELETE FROM events", 1),
    "closed up": ("DELETE FROM events WHERE seq = 3; UPDATE events SET seq = seq - 1 WHERE seq > 3", 3),
    "swapped": (
        "UPDATE events SET seq = 99 WHERE seq = 4; UPDATE events SET seq = 4 WHERE seq = 5; UPDATE events SET seq = 5 WHERE seq = 99",
        4,
    ),
    "moved": ("UPDATE events SET stream = 'c1', seq = 7 WHERE stream = 'c2'", 7),
    "rehashed": ("UPDATE events SET hash = 'f' WHERE seq = 6", 6),
}


@pytest.fixture
def path(journal: SqlJournal, tmp_path: Path) -> Path:
    journal.append(C, [*granted(100), reserved(0, 40), note("a"), note("b"), note("c")])
    journal.append(OTHER, [note("z")])
    return tmp_path / "store.db"


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_and_named(journal: SqlJournal, path: Path, damage: str) -> None:
    assert journal.verify(C) == 6
    seq = _damage(path, damage)
    with pytest.raises(IntegrityError, match=f"event {seq} of campaign c1") as caught:
        journal.verify(C)
    assert "restore" in caught.value.hint


@pytest.mark.parametrize("damage", ["payload", "time", "missing", "truncated", "swapped"])
def test_reading_the_tail_finds_damage_in_the_tail(journal: SqlJournal, path: Path, damage: str) -> None:
    seq = _damage(path, damage)
    with pytest.raises(IntegrityError, match=f"event {seq} "):
        journal.read(C, after=seq - 1)


def test_planted_bug_without_the_chain_damage_goes_unseen(
    journal: SqlJournal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trusting(_: CampaignId, links: Iterable[Link], seq: int = 0, previous: str = "") -> Iterator[Link]:
        return iter(list(links))

    _damage(path, "payload")
    monkeypatch.setattr(chain, "verified", trusting)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        _expect_integrity_error(journal)


def test_no_two_events_are_spelt_alike() -> None:
    one = chain.link(CampaignId("a"), "", 1, "t", _entry("kx", "K"))
    other = chain.link(CampaignId("a"), "", 1, "t", _entry("k", "xK"))
    assert one.hash != other.hash


def _expect_integrity_error(journal: SqlJournal) -> None:
    with pytest.raises(IntegrityError):
        journal.verify(C)


def _entry(key: str, kind: str) -> Entry:
    return Entry(key=key, kind=kind, payload=b"{}")


def _damage(path: Path, damage: str) -> int:
    statements, seq = DAMAGE[damage]
    with sqlite3.connect(path) as connection:
        for statement in statements.split("; "):
            suffix = (
                "" if damage == "moved" else " AND stream = 'c1'" if "WHERE" in statement else " WHERE stream = 'c1'"
            )
            assert connection.execute(statement + suffix).rowcount > 0
    connection.close()
    return seq
