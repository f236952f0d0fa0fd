"""A portfolio: several campaigns under one budget. What an engineer signs for all of them, and what its own stream adds up to."""

from dataclasses import dataclass, field

from rea.domain.ids import NO_CAMPAIGN, NO_DIGEST, CampaignId, Digest
from rea.domain.ledger import Ledger
from rea.domain.plan import Approval

PREFIX = "portfolio:"
"""What the name of a portfolio's stream begins with; no campaign's does, since a folder's name holds no colon here."""


def is_portfolio(name: str) -> bool:
    """Whether a stream is a portfolio's own."""
    return name.startswith(PREFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealing:
    """The rule by which the common budget is dealt; part of what is signed.

    ``floor`` is the share of a member's fair share that it gets whatever it promises; ``tranche`` the share of the whole budget that is dealt at
    once, never less than ``runs`` full runs of the member; below ``saturated`` times what its Confirmation can detect, nothing is dealt.
    """

    floor: float = 0.5
    tranche: float = 0.03
    runs: int = 8
    saturated: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One campaign of a portfolio: its checklist as it was signed, and the fair share of the budget by its weight."""

    campaign: CampaignId
    workload: str
    weight: float
    checklist: Digest
    allowance_ms: int  # what the signature grants it, for calibration only
    share_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPlan:
    """A member's plan on the common page, and what it is granted at once when the page is approved."""

    campaign: CampaignId
    plan: Digest
    floor_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """The state of a portfolio. Only ``rea.campaign.portfolio`` makes one; a member's own state is its own journal's."""

    id: CampaignId = NO_CAMPAIGN
    members: tuple[Member, ...] = ()
    budget_ms: int = 0
    slots: int = 0
    dealing: Dealing = field(default_factory=Dealing)
    subject: Digest = NO_DIGEST  # of what is to be signed
    opened_at: str = ""
    signed: Approval | None = None
    page: tuple[MemberPlan, ...] = ()  # what was put before the engineer last
    page_digest: Digest = NO_DIGEST
    approvals: tuple[Approval, ...] = ()
    approved: tuple[MemberPlan, ...] = ()  # on pages that were approved
    allotted: dict[CampaignId, tuple[int, ...]] = field(default_factory=dict)  # device-milliseconds, tranche by tranche
    released: dict[CampaignId, str] = field(default_factory=dict)  # who gets no more, and why
    settled: dict[CampaignId, int] = field(default_factory=dict)  # what those that gave back have cost
    ledger: Ledger = field(default_factory=Ledger)
    notified: frozenset[str] = frozenset()
    commands: frozenset[str] = frozenset()
    paused: str = ""
    stopped: str = ""
    stopped_by: str = ""
    concluded: str = ""

    @property
    def waiting(self) -> Digest:
        """The digest of what waits for a person, or nothing."""
        if self.stopped or self.concluded:
            return NO_DIGEST
        if self.signed is None:
            return self.subject
        return self.page_digest if any(plan not in self.approved for plan in self.page) else NO_DIGEST

    def member(self, campaign: str) -> Member | None:
        return next((m for m in self.members if m.campaign == campaign), None)

    def granted(self, campaign: CampaignId) -> int:
        """Return what a member was allotted in all, in device-milliseconds."""
        return sum(self.allotted.get(campaign, ()))
