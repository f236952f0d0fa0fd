"""The checklist and the plan: what an engineer signs, bound by digest to the bytes that were shown."""

from dataclasses import dataclass, field, replace

from rea.domain.experiment import Phase
from rea.domain.hypothesis import Hypothesis
from rea.domain.ids import LATER, Digest, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What may be asked of a language model, and of which: tokens, and money in millionths of the currency of its prices. Nothing by default."""

    model: str = ""
    tokens: int = 0
    micros: int = 0

    @property
    def first(self) -> "Envelope":
        """What the signature under the checklist grants of it, so that the plan can hold what a model proposes: half."""
        return replace(self, tokens=self.tokens // 2, micros=self.micros // 2)

    def covers(self, other: "Envelope") -> bool:
        """Whether ``other`` asks for nothing beyond this."""
        known = other.model in ("", self.model)
        return known and 0 <= other.tokens <= self.tokens and 0 <= other.micros <= self.micros

    def __str__(self) -> str:
        if not self.tokens:
            return "no language model"
        money = f" and {self.micros / 1e6:.2f} in money" if self.micros else ", no money"
        return f"{self.model}, at most {self.tokens:,} tokens{money}"


NO_CALLS = Envelope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the checklist. ``fix`` is the exact next step when it does not hold."""

    name: str
    ok: bool
    detail: str
    fix: str = ""
    blocking: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """What was found before anything was spent, and the digests of everything that counts."""

    checks: tuple[Check, ...]
    commit: str
    workload: Digest
    data: Digest
    test_rows: Digest  # openings are counted by it, whatever else of the data changes
    judge: Digest
    seal: str
    allowance_ms: int  # what signing grants, for calibration only
    budget_ms: int  # what the engineer means to grant in all
    smoke_ms: int  # how long the smoke run took
    calls: Envelope = field(default=NO_CALLS, metadata=LATER)  # what the engineer means to grant in all

    @property
    def passed(self) -> bool:
        return all(check.ok or not check.blocking for check in self.checks)

    @property
    def digest(self) -> Digest:
        return digest("checklist", self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostError:
    """How far runs lay off what was expected of their cost: natural logarithms of measured over expected, over ``experiments`` of ``campaigns``.

    ``bias`` is their mean, ``between`` the standard deviation from campaign to campaign, ``within`` that from experiment to experiment of one
    campaign. The defaults hold while there is no past.
    """

    experiments: int = 0
    campaigns: int = 0
    bias: float = 0.0
    between: float = 0.15
    within: float = 0.3


NO_PAST = CostError()


@dataclass(frozen=True, slots=True, kw_only=True)
class PhasePlan:
    """What one phase may do and is expected to cost, in device-milliseconds with an 80 % interval."""

    phase: Phase
    experiments: int
    jobs: int
    cost_ms: int
    low_ms: int
    high_ms: int
    purpose: str
    cap_ms: int = field(default=0, metadata=LATER)  # what the phase stops at, whatever it promises; 0: ``high_ms``

    @property
    def most_ms(self) -> int:
        """The device-milliseconds at which the phase stops asking for more."""
        return self.cap_ms or self.high_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The few numbers that steer a campaign; part of what is approved."""

    alpha: float = 0.05
    fdr: float = 0.10
    margin: float = 0.002  # relative: how much worse still counts as equal quality
    finalists: int = 2
    confirmation_share: float = 0.25
    looks: tuple[int, ...] = (1, 2, 4)  # replicates of one hypothesis at the planned looks
    calibration_seeds: int = 4
    slots: int = 2
    seed: int = 0  # of the campaign; every replicate's seed derives from it


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be done, priced. An approval names the digest of exactly this."""

    hypotheses: tuple[Hypothesis, ...]
    phases: tuple[PhasePlan, ...]
    budget_ms: int
    policy: Policy
    checklist: Digest
    runbook: Digest
    detectable: float
    price_per_hour: float | None = None
    calls: Envelope = field(default=NO_CALLS, metadata=LATER)
    costs: CostError = field(default=NO_PAST, metadata=LATER)  # what the prices rest on

    @property
    def digest(self) -> Digest:
        return digest("plan", self)

    def phase(self, phase: Phase) -> PhasePlan | None:
        return next((p for p in self.phases if p.phase is phase), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who granted what, when, on which bytes. ``at`` is ISO 8601 UTC. ``through`` names the portfolio whose page the person approved, if any."""

    subject: Digest
    by: str
    at: str
    granted_ms: int
    calls: Envelope = NO_CALLS
    through: str = ""
