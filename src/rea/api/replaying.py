"""A campaign again from its record, and whether every decision is the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rea import app
from rea.agent.question import Model
from rea.agent.redact import redactor
from rea.agent.replay import FOLDER, Replies
from rea.api.asking_again import Another, Means, ask_again
from rea.campaign.recall import Recall
from rea.campaign.replaying import Difference, replayed
from rea.domain.campaign import Campaign
from rea.domain.hypothesis import Effect, Move
from rea.domain.ids import CampaignId, Digest
from rea.domain.insight import Insight, Prior, Setting
from rea.executor.implement.words import Draft, Words, drafted
from rea.executor.materialise import reopen
from rea.executor.materialise.objects import of_campaign
from rea.ports import HypothesisSource, Insights
from rea.settings import Settings
from rea.store.journal import SqlJournal
from rea.store.prior import prior_from

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """``calls`` of a language model were answered from the record, of ``recorded`` that had a reply; ``roles`` says how many of each role's.

    ``damaged`` names those whose reply is not what was kept, ``unasked`` those that nothing would ask for today. ``patches`` were made of words anew.
    """

    campaign: str
    decisions: int
    proposals: int
    different: tuple[Difference, ...]
    calls: int
    recorded: int
    damaged: tuple[str, ...]
    unasked: tuple[str, ...]
    roles: tuple[tuple[str, int, int], ...]  # role, answered, recorded
    patches: int
    others: tuple[Another, ...]
    other_runbook: bool  # than the plan was approved with

    @property
    def same(self) -> bool:
        return not (self.different or self.damaged or self.unasked or self.others)


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

    def model() -> Model:
        return app.model(config, recall, journal, heard)

    def sources(at: str) -> tuple[HypothesisSource, ...]:
        return app.every_source(directory, _Then(known, at), model())

    ports = app.ports(config, recall, entries)
    found = replayed(recorded, ports, c.plan.runbook if c.plan else bound, sources, lambda: app.reading(model()))
    again = Means(model=model, write=_pen(directory), learnt=lambda at: _Then(known, at).all(), heard=heard)
    patches, others = ask_again(recorded, again)
    kept = {record.call: record.reply for record in c.calls.values() if record.reply}
    replies = Replies(directory / FOLDER, redactor("", {}))
    wrong = damaged(kept, replies)
    return Replayed(
        campaign=campaign,
        decisions=found.decisions,
        proposals=found.proposals,
        different=found.different[:MOST_SHOWN],
        calls=len(heard & set(kept)),
        recorded=len(kept),
        damaged=wrong,
        unasked=tuple(call for call in kept if call not in heard and call not in wrong),
        roles=_roles(c, heard),
        patches=patches,
        others=others,
        other_runbook=_other(c, bound),
    )


def _pen(directory: Path) -> Callable[[Campaign, Words, Model], Draft]:
    """Return what drafts a patch of words as it was drafted: from the campaign's commit, of which nothing has changed."""

    def write(c: Campaign, words: Words, model: Model) -> Draft:
        return drafted(reopen(directory, c.setup), words, model, of_campaign(directory, c.setup))

    return write


def _roles(c: Campaign, heard: set[str]) -> tuple[tuple[str, int, int], ...]:
    """Return for each role how many calls were answered from the record, of how many that had a reply."""
    asked = {r.call: r.role for r in c.calls.values() if r.reply}
    names = sorted(set(asked.values()))
    return tuple((n, sum(asked[x] == n for x in asked if x in heard), sum(asked[x] == n for x in asked)) for n in names)


def damaged(kept: dict[Digest, str], replies: Replies) -> tuple[str, ...]:
    """Return the calls whose kept reply is not the one that was paid for."""
    return tuple(call for call, reply in kept.items() if replies.digest(call) != reply)


def _other(c: Campaign, bound: Digest) -> bool:
    return c.plan is not None and c.plan.runbook != bound
