"""Evidence from outside: what an A/B test, a shadow run or an engineer says. It stands beside verdicts and enters none."""

from dataclasses import dataclass
from enum import StrEnum

from rea.domain.hypothesis import Effect
from rea.domain.ids import CampaignId, digest

PROPOSAL = "proposal"  # the subject that is what the campaign proposed to launch


class OnlineKind(StrEnum):
    """How it was measured."""

    AB_TEST = "ab_test"
    SHADOW = "shadow"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineResult:
    """One metric of one online comparison, with where it comes from.

    ``subject`` is a hypothesis or an experiment of the campaign, or ``proposal``. ``effect`` is the relative improvement over the control with an
    interval of ``level``, positive = better, whichever way the metric itself runs. ``units`` are users, sessions or whatever was randomised.
    ``file`` is the SHA-256 of the file that it was imported from, ``by`` who imported it, ``source`` where the numbers were read.
    """

    campaign: CampaignId
    subject: str
    kind: OnlineKind
    metric: str
    effect: Effect
    source: str
    by: str
    at: str
    file: str
    level: float = 0.95
    units: int | None = None
    started: str = ""
    ended: str = ""
    note: str = ""

    @property
    def id(self) -> str:
        said = (
            self.campaign,
            self.subject,
            self.kind,
            self.metric,
            self.effect,
            self.level,
            self.source,
            self.started,
            self.ended,
        )
        return "o" + digest("online", *said)[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What an engineer wrote down about a campaign, or about a hypothesis or an experiment of it."""

    campaign: CampaignId
    text: str
    by: str
    at: str
    subject: str = ""

    @property
    def id(self) -> str:
        return "n" + digest("note", self.campaign, self.subject, self.text, self.by)[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything from outside about one campaign, the oldest first."""

    results: tuple[OnlineResult, ...] = ()
    notes: tuple[Note, ...] = ()
