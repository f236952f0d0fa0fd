"""What every ``Standings`` must do. Subclass ``StandingsConformance`` in a test, give it a ``log`` fixture, and run it."""

from typing import Protocol

from rea.domain.event import EntryJudged
from rea.domain.ids import CampaignId, Digest
from rea.domain.runbook import EntryVerdict
from rea.ports import Journal, Standings

ONE, TWO = CampaignId("c1"), CampaignId("c2")
ENTRY, OTHER = Digest("d"), Digest("e")


class Log(Journal, Standings, Protocol):
    """A journal that knows whether runbook entries were right, as every store of journals has to."""


def judged(replicate: str, agrees: bool = True, entry: Digest = ENTRY) -> EntryJudged:
    """Return the truth about one replicate, and whether an entry had it right."""
    return EntryJudged(entry=entry, name="own", replicate=replicate, agrees=agrees, evidence="it ran again")


class StandingsConformance:
    """The laws of remembering how entries did. The fixture ``log`` is one that is empty."""

    def test_an_entry_that_was_never_judged_has_no_verdicts(self, log: Log) -> None:
        assert {entry: list(told) for entry, told in log.verdicts([ENTRY, OTHER]).items()} in (
            {},
            {ENTRY: [], OTHER: []},
        )

    def test_verdicts_are_told_over_all_campaigns_with_where_they_came_from(self, log: Log) -> None:
        log.append(ONE, [judged("r1")])
        log.append(TWO, [judged("r1", agrees=False)])
        assert set(log.verdicts([ENTRY])[ENTRY]) == {
            EntryVerdict(campaign=ONE, replicate="r1", agrees=True),
            EntryVerdict(campaign=TWO, replicate="r1", agrees=False),
        }

    def test_a_verdict_told_again_counts_once(self, log: Log) -> None:
        for _ in range(3):
            log.append(ONE, [judged("r1"), judged("r1")])
        assert len(log.verdicts([ENTRY])[ENTRY]) == 1

    def test_each_entry_has_its_own(self, log: Log) -> None:
        log.append(ONE, [judged("r1"), judged("r2", entry=OTHER)])
        assert [told.replicate for told in log.verdicts([ENTRY, OTHER])[OTHER]] == ["r2"]
        assert OTHER not in log.verdicts([ENTRY])

    def test_nobody_asked_about_is_answered_with_nothing(self, log: Log) -> None:
        log.append(ONE, [judged("r1")])
        assert dict(log.verdicts([])) == {}
