"""What a campaign hands an engineer. The program launches nothing: a person does, or does not."""

from dataclasses import dataclass
from enum import StrEnum

from rea.domain.change import BASELINE, Change
from rea.domain.evidence import Finding
from rea.domain.ids import ExperimentId


class Outcome(StrEnum):
    """How a campaign ended."""

    WINNER = "winner"
    NO_WINNER = "no_winner"
    STOPPED = "stopped"
    NEEDS_A_PERSON = "needs_a_person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """``change`` is what to launch, with the finding that confirms it; ``reach`` the share of the reachable improvement, where a bound is known."""

    outcome: Outcome
    reason: str
    experiment: ExperimentId | None = None
    change: Change = BASELINE
    finding: Finding | None = None
    reach: float | None = None
    baseline_test: float | None = None
    candidate_test: float | None = None
    bound_test: float | None = None
