"""What somebody without the right to decide asks for. A request changes nothing: a person accepts or rejects it elsewhere."""

from dataclasses import dataclass
from enum import StrEnum

from rea.domain.ids import CampaignId, digest


class RequestKind(StrEnum):
    """What may be asked for. An approval is not among it."""

    HYPOTHESIS = "hypothesis"
    PATCH = "patch"
    RUN = "run"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. ``by`` is what the client calls itself: a claim, never an identity. The same request asked twice is one request.

    ``overrides`` are ``NAME=VALUE`` words, ``patch`` a unified diff, ``subject`` the digest of the plan that a run is asked for, ``budget_s``
    the device time that a new campaign is asked for.
    """

    kind: RequestKind
    campaign: CampaignId
    by: str
    at: str
    why: str
    statement: str = ""
    overrides: tuple[str, ...] = ()
    predicted: float = 0.0
    patch: str = ""
    subject: str = ""
    budget_s: float = 0.0

    @property
    def id(self) -> str:
        asked = (self.kind, self.campaign, self.overrides, self.patch, self.subject, self.budget_s)
        return "r" + digest("request", *asked)[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person said to a request, once."""

    request: str
    accepted: bool
    by: str
    at: str
    reason: str = ""
