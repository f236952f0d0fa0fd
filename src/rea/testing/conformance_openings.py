"""What every ``Openings`` must do. Subclass ``OpeningsConformance`` in a test, give it a ``log`` fixture, and run it."""

from typing import Protocol

import pytest

from rea.domain.errors import StaleDecision
from rea.domain.event import TestOpened
from rea.domain.evidence import TestOpening
from rea.domain.ids import CampaignId, Digest
from rea.ports import Journal, Openings

ONE, TWO, THREE = CampaignId("c1"), CampaignId("c2"), CampaignId("c3")
DATA, OTHER = Digest("d"), Digest("e")


class Log(Journal, Openings, Protocol):
    """A journal that counts openings, as every store of journals has to."""


def opening(number: int, data: Digest = DATA) -> TestOpened:
    """Return an opening of one test set under ``number``."""
    return TestOpened(opening=TestOpening(data=data, number=number, alpha=0.05))


class OpeningsConformance:
    """The laws of counting how often a test set was looked at. The fixture ``log`` is one that is empty."""

    def test_what_was_never_opened_counts_none(self, log: Log) -> None:
        assert log.count(DATA) == 0
        log.append(ONE, [opening(1, OTHER)])
        assert log.count(DATA) == 0

    def test_openings_add_up_over_campaigns_and_apart_for_each_test_set(self, log: Log) -> None:
        log.append(ONE, [opening(1)])
        log.append(TWO, [opening(2)])
        log.append(THREE, [opening(1, OTHER)])
        assert (log.count(DATA), log.count(OTHER)) == (2, 1)

    def test_an_opening_that_is_told_again_counts_once(self, log: Log) -> None:
        for _ in range(3):
            log.append(ONE, [opening(1), opening(1)])
        assert log.count(DATA) == 1

    @pytest.mark.parametrize("number", [0, 1, 3])
    def test_a_number_that_is_not_the_next_is_refused_and_counts_nothing(self, log: Log, number: int) -> None:
        """Two campaigns that count at the same moment cannot both take one place in the account of errors."""
        log.append(ONE, [opening(1)])
        with pytest.raises(StaleDecision):
            log.append(TWO, [opening(number)])
        assert log.count(DATA) == 1
        assert tuple(log.read(TWO)) == ()
