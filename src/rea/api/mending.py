"""Is the store what was written, and is it the latest that was written? And what follows from events, built anew from them."""

from collections.abc import Sequence

from rea import app
from rea.app import heads
from rea.domain.errors import IntegrityError, UsageError
from rea.domain.event import Event, InsightsRecorded
from rea.domain.ids import CampaignId, Digest
from rea.settings import Settings
from rea.store.journal import SqlJournal
from rea.store.rebuild import rebuild


def verify(config: Settings) -> Sequence[int]:
    """Return how many events each campaign and portfolio has, after checking every one, the ledgers, that what was learnt is there, and that no older
    copy was put back.

    Raises:
        StoreError: the store cannot be read.
        IntegrityError: it can, and is not what was written, or not the latest of it; the message names where.
    """
    log, learnt = app.journal(config), list[Digest]()

    def seen(event: Event) -> None:
        if isinstance(event, InsightsRecorded):
            learnt.extend(event.names)

    lengths = [log.verify(name, seen) for name in (*log.campaigns(), *log.portfolios())]
    for noted in sorted(config.campaign("").glob(f"*/{heads.HEAD}")):
        heads.check(noted.parent, log, CampaignId(noted.parent.name))
    for name in log.campaigns():
        _compare(config, log, name)
    if lost := app.insights(config).missing(learnt):
        told = (
            f"{len(lost)} of {len(learnt)} insights that the journals name are not in the store, the first is {lost[0]}"
        )
        raise IntegrityError(told, "import their campaigns again, or restore the store from a backup")
    return lengths


def _compare(config: Settings, log: SqlJournal, campaign: CampaignId) -> None:
    c = app.recall_of(config, campaign).now()
    if (log.ledger(campaign), *log.allowances(campaign)) != (c.ledger, c.tokens, c.money):
        raise IntegrityError(
            f"the ledger of campaign {campaign} is not what its events add up to",
            "nothing is lost: `rea doctor --rebuild` builds it anew",
        )


def rebuilt(config: Settings) -> Sequence[CampaignId]:
    """Build anew what follows from the events, and return the campaigns; all or nothing.

    Raises:
        IntegrityError: a journal is not what was written; nothing was changed.
        UsageError: there is no store.
    """
    if not config.has_store:
        raise UsageError(f"there is no campaign in {config.state}", "name the folder with --state")
    return rebuild(app.database(config))
