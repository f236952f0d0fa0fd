"""What is known beyond one campaign."""

from dataclasses import dataclass
from enum import StrEnum

from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Aim, Effect, Move, SourceName
from rea.domain.ids import CampaignId, Digest, HypothesisId, digest

UNMEASURED = Effect(value=0.0, low=0.0, high=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where something was learnt: effects need not carry over."""

    workload: str
    model: str
    data: Digest


class Standing(StrEnum):
    """What an insight rests on: predictions that the judge scored, what runs tell that several ideas shared (an estimate without a verdict of its
    own), or figures that somebody else's tool reported."""

    JUDGED = "judged"
    SHARED = "shared"
    CLAIMED = "claimed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What runs that several hypotheses shared tell of one of them, with 95 % intervals.

    ``believed`` is drawn towards what was predicted and towards the others, ``raw`` is what the runs alone say. ``runs`` is how many held it.
    """

    hypothesis: HypothesisId
    believed: Effect
    raw: Effect
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """One experiment's lesson, the failed and refuted ones too: what was tried where, predicted, measured, paid, and said of it.

    ``measured`` is corrected for having been selected, towards what was predicted; ``raw`` is the estimate itself with its 95 % interval, which
    later campaigns pool (None in what older versions kept: then ``measured`` is pooled).
    """

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
    raw: Effect | None = None
    standing: Standing = Standing.JUDGED
    expected_ms: int = 0  # what one run was expected to cost; 0: not known
    run_ms: int = 0  # what one run did cost, meaned over those that were measured
    origin: str = ""  # of what was imported: the kind of source, its place, and how the effect follows from its runs

    @property
    def id(self) -> Digest:
        return digest("insight", self.campaign, self.change, self.setting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What history says a move will do here: a prediction with its 80 % interval, and what it rests on.

    ``effect`` is for this place, ``pooled`` the mean over all places (always narrower than what a new place may bring). ``between`` is the standard
    deviation between places, relative improvement; where it dominates, ``transfers`` is false: what holds elsewhere says little here.
    """

    effect: Effect
    support: int
    against: int
    evidence: tuple[Digest, ...] = ()
    pooled: Effect = UNMEASURED
    measured: int = 0
    failures: int = 0
    claimed: int = 0
    shared: int = 0  # of those measured: told from runs that they shared with other ideas
    settings: int = 0
    campaigns: int = 0
    age_days: float = 0.0  # median over the evidence
    between: float = 0.0
    transfers: bool = True

    @property
    def risk(self) -> float:
        """The chance that a try fails and measures nothing; two tries that went well are added to what was seen."""
        return self.failures / (self.failures + self.measured + 2)

    @property
    def tally(self) -> str:
        """What it rests on, in words."""
        said = [f"{self.support} experiments before speak for it, {self.against} against"]
        said += [f"{self.measured} measured in {self.settings} settings of {self.campaigns} campaigns"]
        said += [f"{self.shared} of them told from runs shared with other ideas"] if self.shared else []
        said += [f"{self.failures} of {self.failures + self.measured} failed"] if self.failures else []
        said += [f"{self.claimed} of them claimed by imported runs, not judged"] if self.claimed else []
        said += [f"half of it older than {self.age_days:.0f} days"] if self.age_days >= 1 else []
        tail = (
            ""
            if self.transfers
            else " It does not transfer: it differs between places by more than it does on average."
        )
        return "; ".join(said) + "." + tail
