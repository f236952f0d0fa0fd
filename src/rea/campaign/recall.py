"""What a campaign's journal adds up to, without reading again what was read before: within one wake, and between wakes by snapshots."""

import gc
import zlib
from dataclasses import dataclass, field

import msgspec

from rea.campaign import snapshot
from rea.campaign.evolve import apply
from rea.domain.campaign import Campaign
from rea.domain.errors import IntegrityError, StoreError
from rea.domain.ids import CampaignId
from rea.ports import Journal, Snapshots

WORTH = 1000  # events that are quicker folded again than kept
PAGE = 5000  # events that are held at once


@dataclass(slots=True, kw_only=True)
class Recall:
    """The state of one campaign as of event ``length``. A snapshot only saves time: what does not fit the journal is not believed."""

    campaign: CampaignId
    journal: Journal
    snapshots: Snapshots | None = None
    state: Campaign = field(default_factory=Campaign)
    length: int = 0
    kept: int = 0  # the event that the latest snapshot stands after
    begun: bool = False

    def now(self) -> Campaign:
        """Return the state with everything that is recorded by now.

        Raises:
            IntegrityError: an event after the snapshot is not what was written; ``rea doctor`` and every report check all of them.
        """
        if not self.begun:
            self._begin()
        while page := self.journal.read(self.campaign, self.length, PAGE):
            for recorded in page:
                apply(self.state, recorded.event)
                self.length = recorded.seq
        return self.state

    def keep(self) -> None:
        """Keep the state for the next wake where that is worth it. Failing to is no failure: the next wake reads more."""
        if self.snapshots is None or self.length - self.kept < WORTH:
            return
        try:
            self.snapshots.save(self.campaign, self.length, snapshot.version(), snapshot.freeze(self.state))
        except StoreError:
            return
        self.kept = self.length

    def _begin(self) -> None:
        self.begun = True
        found = self.snapshots.load(self.campaign, snapshot.version()) if self.snapshots else None
        if found is None:
            return
        gc.disable()  # of what is thawed nothing is garbage, and to look for some takes as long as to thaw
        try:
            self.state, self.length, self.kept = snapshot.thaw(found.payload), found.seq, found.seq
        except (msgspec.MsgspecError, zlib.error, KeyError, IntegrityError):
            self.state, self.length, self.kept = Campaign(), 0, 0
        finally:
            gc.enable()
