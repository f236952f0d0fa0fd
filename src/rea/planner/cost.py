"""What things are expected to cost, in device-milliseconds. Pure."""

from rea.domain.campaign import Campaign
from rea.domain.experiment import Phase
from rea.domain.job import hold_ms, limit_s
from rea.domain.workload import Fidelity

LEAST_CONFIRMATION = 3  # fresh seeds an arm, below which nothing is confirmed
MOST_CONFIRMATION = 10
TELLING = 6  # fresh seeds an arm, for which a small budget sets aside up to MORE times the share meant for Confirmation
MORE = 2.0
MARGIN = 1.15
GROUP = 3  # hypotheses that share a run
ALONE = 3.0  # full runs that tell of one hypothesis alone
ALONE_SHARE = 0.4  # of what selection may spend, which may go into testing hypotheses alone
SCREENING_SHARE = 0.16  # of what selection may spend, where hypotheses share runs
FIRST_RUNS = 4  # shared runs that even a small budget begins with, if they are no more than a quarter of what selection may spend
FEWEST_HYPOTHESES = 3
MOST_SCREENED = 36
RESERVE = 1.0  # hypotheses at hand for stacks for each that is screened, where hypotheses share runs
ROUND_RUNS = 20  # full runs that must be affordable for another round of hypotheses to be worth opening
CLEARLY = 2.0  # times as dear, for what it tells, as a full run


def run_ms(c: Campaign, fidelity: str) -> int:
    """Return the expected cost of one run from scratch at ``fidelity``."""
    return c.calibrated.cost_of(fidelity)


def first_rung(c: Campaign) -> Fidelity:
    """Return the cheapest fidelity that tells more for its price than a full run.

    What a run tells about an effect is one over its seed variance; calibration measures both that and the price. Early in training the noise between
    seeds may be so much larger that a cheap run is the dearer one. With a few calibration seeds the ratio is rough, so a rung is only left out where
    it is worse by ``CLEARLY``.
    """
    full = c.setup.full
    dear = c.calibrated.sd_of(full.name) ** 2 * run_ms(c, full.name)
    worth = (f for f in c.setup.fidelities if c.calibrated.sd_of(f.name) ** 2 * run_ms(c, f.name) <= CLEARLY * dear)
    return next(worth, full)


def group_size(c: Campaign) -> int:
    """Return how many hypotheses share a run: one where the budget pays for each alone, or all would share one."""
    count = min(len(c.hypotheses), screened(c))
    return 1 if _each_alone(c, count) or count <= GROUP else GROUP


def screened(c: Campaign) -> int:
    """Return how many hypotheses Validation pays for, each sharing a run with others where the budget is short."""
    runs = selection_ms(c) / full_ms(c)
    shared = max(int(runs * SCREENING_SHARE), min(FIRST_RUNS, int(runs / 4)))
    return max(FEWEST_HYPOTHESES, min(MOST_SCREENED, GROUP * shared))


def wanted_hypotheses(c: Campaign) -> int:
    """Return how many hypotheses are asked for: those that are screened, and more for stacks where no hypothesis is tried alone anyway."""
    count = screened(c)
    return count if _each_alone(c, count) else round(count * (1 + RESERVE))


def _each_alone(c: Campaign, count: int) -> bool:
    """Whether the budget pays for testing so many hypotheses one by one."""
    return count * ALONE * full_ms(c) <= ALONE_SHARE * selection_ms(c)


def ideas_for(c: Campaign) -> int:
    """Return how many hypotheses what is free pays for."""
    return max(2, free_ms(c) // full_ms(c) // 4)


def selection_ms(c: Campaign) -> int:
    """Return what is left for choosing once Confirmation is set aside."""
    return max(0, c.budget_ms - spent_in(c, 1, Phase.CALIBRATION) - reserve_ms(c))


def full_ms(c: Campaign) -> int:
    return run_ms(c, c.setup.full.name)


def spent_in(c: Campaign, round_: int, phase: Phase) -> int:
    """Return what a phase of a round has cost so far."""
    record = c.phase(round_, phase)
    keys = record.replicates if record else ()
    return sum(c.costs.get(key, 0) for key in keys)


def confirmation_seeds(c: Campaign) -> int:
    """Return the fresh seeds an arm that are set aside for Confirmation."""
    return seeds_set_aside(c, full_ms(c))


def seeds_set_aside(c: Campaign, cost_ms: int) -> int:
    """Return the fresh seeds an arm that the share for Confirmation pays for, where a run costs ``cost_ms``; a small budget gives a larger share,
    since what cannot be confirmed need not be found."""
    share = (
        (c.budget_ms - _calibration_ms(c)) * c.policy.confirmation_share / (cost_ms * MARGIN * (c.policy.finalists + 1))
    )
    return max(LEAST_CONFIRMATION, min(MOST_CONFIRMATION, int(share)), min(TELLING, int(MORE * share)))


def seeds_alone(c: Campaign, cost_ms: int) -> int:
    """Return the fresh seeds an arm that the same money pays for where there is one finalist."""
    return min(MOST_CONFIRMATION, seeds_set_aside(c, cost_ms) * (c.policy.finalists + 1) // 2)


def reserve_ms(c: Campaign) -> int:
    """Return what has to be left for Confirmation: its runs, and the room that the last of them need to be held."""
    return round(confirmation_seeds(c) * (c.policy.finalists + 1) * full_ms(c) * MARGIN) + holding_ms(c)


def confirming_ms(c: Campaign, cost_ms: int) -> int:
    """Return what the least Confirmation of one arm takes whose runs cost ``cost_ms``: its runs, the baseline's, and the room to hold them."""
    dearest = max(cost_ms, full_ms(c))
    return round(LEAST_CONFIRMATION * (dearest + full_ms(c)) * MARGIN) + holding_for(c, dearest)


def short_ms(c: Campaign, cost_ms: int) -> int:
    """Return what has to be kept beside the reserve, which is for runs as dear as the baseline's, to confirm an arm as dear as that."""
    return max(0, confirming_ms(c, cost_ms) - reserve_ms(c))


def holding_ms(c: Campaign) -> int:
    """Return how much more is held for a full wave of jobs than they are expected to cost."""
    return c.policy.slots * max(0, c.calibrated.hold_ms - full_ms(c))


def holding_for(c: Campaign, cost_ms: int) -> int:
    """Return how much more is held for a full wave of jobs of this cost than they are expected to cost."""
    resources = c.setup.resources
    limit = limit_s(cost_ms, resources.devices, resources.time_limit_s)
    return c.policy.slots * max(0, hold_ms(limit, resources.devices) - cost_ms)


def likely_ms(c: Campaign, held: int) -> int:
    """Return what jobs are expected to cost for which ``held`` is held."""
    return round(held * min(1.0, full_ms(c) / c.calibrated.hold_ms))


def free_ms(c: Campaign) -> int:
    """Return what selection may still spend, at expected costs."""
    return c.ledger.granted - c.ledger.spent - likely_ms(c, c.ledger.held) - reserve_ms(c)


def _calibration_ms(c: Campaign) -> int:
    return spent_in(c, 1, Phase.CALIBRATION)
