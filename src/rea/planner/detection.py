"""What Confirmation can tell from nothing, and what it takes to tell more. Pure."""

from math import ceil, sqrt

from rea.domain.campaign import Campaign
from rea.planner.cost import LEAST_CONFIRMATION, MARGIN, full_ms
from rea.statistics.multiplicity import alpha_for_opening
from rea.statistics.power import standard_errors_needed


def confirmable(c: Campaign, seeds: float) -> float:
    """Return the smallest effect that Confirmation shows with 80 % power: of one finalist among all, on the first opening of the test rows."""
    sd, rows = c.calibrated.sd_of(c.setup.full.name), c.calibrated.row_sd
    return standard_errors_needed(error_of_one(c)) * sqrt(2 * sd**2 / seeds + rows**2)


def seeds_for(c: Campaign, effect: float) -> int | None:
    """Return the seeds an arm that detect ``effect`` in Confirmation; None where the noise of the rows alone hides it."""
    sd, rows = c.calibrated.sd_of(c.setup.full.name), c.calibrated.row_sd
    left = (max(effect, 0.0) / standard_errors_needed(error_of_one(c))) ** 2 - rows**2
    return max(LEAST_CONFIRMATION, ceil(2 * sd**2 / left)) if left > 0 else None


def budget_for(c: Campaign, seeds: int) -> int:
    """Return the budget in device-milliseconds whose share for Confirmation pays for this many seeds an arm."""
    runs = seeds * (c.policy.finalists + 1) * full_ms(c) * MARGIN
    return ceil(runs / max(c.policy.confirmation_share, 0.01)) + sum(c.costs.values())


def error_of_one(c: Campaign) -> float:
    """Return the error that each finalist may spend on the first opening of the test rows."""
    return alpha_for_opening(1, c.policy.alpha) / c.policy.finalists
