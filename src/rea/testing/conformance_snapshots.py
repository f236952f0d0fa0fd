"""What every ``Snapshots`` must do. Subclass ``SnapshotsConformance`` in a test, give it a ``place`` fixture, and run it."""

from dataclasses import dataclass

import pytest

from rea.domain.errors import StoreError
from rea.domain.event import Notified
from rea.domain.ids import CampaignId
from rea.ports import Journal, Snapshot, Snapshots

C, OTHER = CampaignId("c1"), CampaignId("c2")
PAYLOADS = (b"", b"\x00\xff'\"\n", b"{}" * 100_000)


@dataclass(frozen=True, slots=True)
class Place:
    """Snapshots, and the journal that they are of."""

    journal: Journal
    snapshots: Snapshots


def with_events(place: Place, count: int = 3) -> Snapshots:
    """Return the snapshots, with so many events in the journal of each of two campaigns."""
    for campaign in (C, OTHER):
        place.journal.append(campaign, [Notified(kind="note", subject=str(n)) for n in range(count)])
    return place.snapshots


class SnapshotsConformance:
    """The laws of a cache of folded journals. The fixture ``place`` has no events and no snapshots."""

    def test_what_was_never_saved_is_not_there(self, place: Place) -> None:
        assert place.snapshots.load(C, 1) is None
        assert with_events(place).load(C, 1) is None

    @pytest.mark.parametrize("payload", PAYLOADS, ids=["empty", "odd", "large"])
    def test_what_was_saved_comes_back_byte_by_byte(self, place: Place, payload: bytes) -> None:
        snapshots = with_events(place)
        for _ in range(2):
            snapshots.save(C, 2, 7, payload)
            assert snapshots.load(C, 7) == Snapshot(2, payload)

    def test_a_snapshot_serves_its_campaign_and_its_code_alone(self, place: Place) -> None:
        snapshots = with_events(place)
        snapshots.save(C, 2, 7, b"mine")
        assert snapshots.load(OTHER, 7) is None
        assert snapshots.load(C, 6) is snapshots.load(C, 8) is None

    def test_the_latest_counts(self, place: Place) -> None:
        snapshots = with_events(place)
        for seq in (1, 3, 2):
            snapshots.save(C, seq, 7, str(seq).encode())
            assert snapshots.load(C, 7) == Snapshot(seq, str(seq).encode())

    @pytest.mark.parametrize("seq", [0, 4, -1])
    def test_a_snapshot_after_no_event_is_refused_and_hurts_none(self, place: Place, seq: int) -> None:
        snapshots = with_events(place)
        snapshots.save(C, 1, 7, b"good")
        with pytest.raises(StoreError):
            snapshots.save(C, seq, 7, b"bad")
        assert snapshots.load(C, 7) == Snapshot(1, b"good")
