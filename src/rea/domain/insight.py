"""What is known beyond one campaign."""

from dataclasses import dataclass

from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Aim, Effect, Move, SourceName
from rea.domain.ids import CampaignId, Digest, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where something was learnt: effects need not carry over."""

    workload: str
    model: str
    data: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """One experiment's lesson, the failed and refuted ones too: what was tried where, predicted, measured, paid, and said of it."""

    campaign: CampaignId
    setting: Setting
    moves: tuple[Move, ...]
    change: str
    technique: str
    source: SourceName
    aim: Aim
    verdict: Verdict
    predicted: Effect
    measured: Effect | None  # None: never measured, it failed
    seeds: int
    cost_ms: int
    at: str
    reason: str = ""
    untested: bool = False  # infrastructure or the budget kept it from being tested: that says nothing about the idea

    @property
    def id(self) -> Digest:
        return digest("insight", self.campaign, self.change, self.setting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What history says a move will do here: shrunk effect, how many experiments say so, and how many contradict it."""

    effect: Effect
    support: int
    against: int
    evidence: tuple[Digest, ...] = ()
