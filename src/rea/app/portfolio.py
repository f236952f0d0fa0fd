"""Waking a portfolio: its own look, then looks at the members that it gave something to or that wait for a slot."""

import time
from collections.abc import Mapping

from rea import app, gate
from rea.campaign.portfolio.advance import advance, waiting_for
from rea.campaign.portfolio.evolve import replay
from rea.campaign.recall import Recall
from rea.domain.action import Wake
from rea.domain.campaign import Campaign
from rea.domain.errors import StaleDecision
from rea.domain.ids import CampaignId
from rea.domain.portfolio import Portfolio
from rea.executor.jobs import live
from rea.planner.decide import waits_for_share
from rea.ports import Journal
from rea.settings import Settings
from rea.store.journal import SqlJournal

BACKSTOP_S = 600.0  # members knock when something happened; a knock that a kill swallowed is made good after this


def wake(config: Settings, name: CampaignId) -> Wake:
    """Advance a portfolio until there is nothing left to do at once, and the members that this concerns."""
    with app.leased(config, name) as lease:
        journal = SqlJournal(app.database(config), lease=lease)
        members = {m.campaign: app.recall_of(config, m.campaign) for m in state_of(journal, name).members}
        touched = _advance(config, name, journal, members)
    p = state_of(journal, name)
    for member in wanting(p, {m: r.now() for m, r in members.items()}, touched):
        gate.main([str(config.state), member])
    asleep = p.concluded or (p.waiting and not any(live(r.now()) for r in members.values()))
    return Wake(next_at=None if asleep else time.time() + BACKSTOP_S, waiting_for=waiting_for(p))


def state_of(journal: Journal, name: CampaignId) -> Portfolio:
    """Return what a portfolio's stream adds up to."""
    return replay(r.event for r in journal.read(name))


def _advance(
    config: Settings, name: CampaignId, journal: Journal, members: Mapping[CampaignId, Recall]
) -> set[CampaignId]:
    touched: set[CampaignId] = set()
    while True:
        try:
            found = advance(name, journal, members, app.notifier(config, name))
        except StaleDecision:
            continue
        if found is None:
            return touched
        touched |= found


def wanting(p: Portfolio, members: Mapping[CampaignId, Campaign], touched: set[CampaignId]) -> list[CampaignId]:
    """Return the members that have something to do, those with the fewest running jobs first."""
    free = p.slots - sum(len(live(c)) for c in members.values())
    wanted = [c for c in members.values() if c.id in touched or _idle(c) or (free > 0 and _waits_for_slot(c))]
    return [c.id for c in sorted(wanted, key=lambda c: (len(live(c)), c.id))]


def _idle(c: Campaign) -> bool:
    """Whether a member with money has nothing running, and does not wait for anybody: a kill may have swallowed its knock."""
    if not c.shares or c.ended or c.paused or live(c) or waits_for_share(c):
        return False
    return c.funded or c.plan is None


def _waits_for_slot(c: Campaign) -> bool:
    if c.ended or c.paused or c.stopped:
        return False
    return any(not any(job in c.open_jobs for job in c.attempts.get(key, ())) for key in c.unsettled)
