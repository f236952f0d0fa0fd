"""Playing a campaign before it is approved: reads what is recorded, writes nothing."""

from collections.abc import Callable

from rea import app
from rea.api.campaigns import history_of
from rea.domain.campaign import Campaign
from rea.rehearsal.play import Rehearsed, Stage, rehearse
from rea.settings import Settings
from rea.store.journal import SqlJournal


def dry_run(config: Settings, c: Campaign, plays: int, tell: Callable[[int], bool]) -> Rehearsed:
    """Play what is left of a campaign ``plays`` times, or until ``tell`` says that it is enough.

    Raises:
        UsageError: there is no plan yet, or the campaign is over.
    """
    journal: SqlJournal = app.journal(config)
    entries, bound_to = app.runbook(config)
    stage = Stage(
        recorded=history_of(journal, c.id),
        runbook=entries,
        runbook_digest=bound_to,
        sources=app.sources(config.campaign(c.id), app.insights(config)),
        openings=journal.count(c.checklist.test_rows) if c.checklist else 0,
    )
    return rehearse(stage, plays, tell)
