"""A campaign again from its record, and whether every decision is the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from rea import app
from rea.agent.redact import redactor
from rea.agent.replay import FOLDER, Replies
from rea.campaign.recall import Recall
from rea.campaign.replaying import Difference, replayed
from rea.domain.campaign import Campaign
from rea.domain.hypothesis import Effect, Move
from rea.domain.ids import CampaignId, Digest
from rea.domain.insight import Insight, Prior, Setting
from rea.ports import HypothesisSource, Insights
from rea.settings import Settings
from rea.store.journal import SqlJournal
from rea.store.prior import prior_from

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """``calls`` of a language model were answered from the record, of ``recorded`` that had a reply.

    ``damaged`` names those whose reply is not what was kept.
    """

    campaign: str
    decisions: int
    proposals: int
    different: tuple[Difference, ...]
    calls: int
    recorded: int
    damaged: tuple[str, ...]
    other_runbook: bool  # than the plan was approved with

    @property
    def same(self) -> bool:
        return not self.different and not self.damaged


@dataclass(frozen=True, slots=True)
class _Then:
    """What was learnt by a time (ISO 8601 UTC)."""

    known: Insights
    at: str

    def add(self, insights: Sequence[Insight]) -> None:
        raise AssertionError("a replay learns nothing")

    def all(self) -> Sequence[Insight]:
        return tuple(insight for insight in self.known.all() if insight.at <= self.at)

    def prior(self, moves: Sequence[Move], setting: Setting, expected: Effect | None = None) -> Prior | None:
        return prior_from(self.all(), moves, setting, expected, self.at)


def replay(config: Settings, journal: SqlJournal, campaign: CampaignId) -> Replayed:
    """Take every decision of a campaign anew; no model is asked, nothing is written."""
    recorded, directory = tuple(journal.read(campaign)), config.campaign(campaign)
    recall = Recall(campaign=campaign, journal=journal)
    c, heard = recall.now(), set[str]()
    known = app.insights(config)
    entries, bound = app.runbook()

    def sources(at: str) -> tuple[HypothesisSource, ...]:
        return app.every_source(directory, _Then(known, at), app.model(config, recall, journal, heard))

    found = replayed(recorded, app.ports(config, recall, entries), c.plan.runbook if c.plan else bound, sources)
    kept = {record.call: record.reply for record in c.calls.values() if record.reply}
    replies = Replies(directory / FOLDER, redactor("", {}))
    return Replayed(
        campaign=campaign,
        decisions=found.decisions,
        proposals=found.proposals,
        different=found.different[:MOST_SHOWN],
        calls=len(heard),
        recorded=len(kept),
        damaged=damaged(kept, replies),
        other_runbook=_other(c, bound),
    )


def damaged(kept: dict[Digest, str], replies: Replies) -> tuple[str, ...]:
    """Return the calls whose kept reply is not the one that was paid for."""
    return tuple(call for call, reply in kept.items() if replies.digest(call) != reply)


def _other(c: Campaign, bound: Digest) -> bool:
    return c.plan is not None and c.plan.runbook != bound
