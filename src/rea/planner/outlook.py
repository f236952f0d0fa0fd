"""What a plan may be expected to bring, before it is approved: what it can detect, what it promises, what a little more budget would buy. Pure."""

from dataclasses import dataclass
from math import ceil

from rea.domain.campaign import Campaign
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Aim, Effect, Hypothesis
from rea.domain.plan import Plan
from rea.planner.cost import MOST_CONFIRMATION, confirmation_seeds, full_ms
from rea.planner.detection import budget_for, confirmable, error_of_one, seeds_for
from rea.planner.further import further as worth_of_more
from rea.planner.promise import TENTH, drawn, effect, error, shown
from rea.planner.trust import EXPLORATION
from rea.statistics.power import standard_errors_needed

LARGER = "test ideas that promise more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Relative improvements of the primary metric, intervals of 80 %, costs in device-milliseconds.

    ``selects`` is what the runs that choose can tell of one hypothesis, ``confirms`` what Confirmation can, each with 80 % power. ``gain`` is the
    true effect of what would be handed to Confirmation, ``found`` the chance that Confirmation shows it. ``more`` is how much more would be
    handed over with a tenth more of the budget (``more_ms``): the mean of all cases, and the interval of those in which something else is
    chosen, whose share is ``changes``; ``found_then`` is the chance then. ``small`` names hypotheses that this plan cannot tell alone even if
    they keep their promise. ``refused`` says why the plan is not worth approving, ``advice`` what to do.
    """

    selects: float
    confirms: float
    seeds: int
    gain: Effect
    found: float
    more: Effect
    more_ms: int
    found_then: float
    changes: float
    small: tuple[Hypothesis, ...] = ()
    refused: str = ""
    advice: str = ""


def outlook(c: Campaign, plan: Plan) -> Outlook:
    """Return what ``plan`` may be expected to bring to a calibrated campaign."""
    seeds = confirmation_seeds(c)
    confirms = confirmable(c, seeds)
    runs = _runs(c, plan)
    tried = [h for h in plan.hypotheses if h.aim is Aim.QUALITY]
    selects = standard_errors_needed() * error(c, len(plan.hypotheses), runs)
    gains, further = drawn(c, tried, runs)
    gain, many = effect(gains), min(MOST_CONFIRMATION, seeds * (1 + TENTH))
    why = _refused(c, plan, gain, confirms)
    more, changes = effect(further - gains, (further - gains)[further != gains]), float((further != gains).mean())
    if not c.ended and (told := worth_of_more(c, max(1, round(TENTH * plan.budget_ms / full_ms(c))))):
        more, changes = told  # runs have spoken since
    return Outlook(
        selects=selects,
        confirms=confirms,
        seeds=seeds,
        gain=gain,
        found=shown(gains, confirms / standard_errors_needed(error_of_one(c)), confirms),
        more=more,
        more_ms=round(TENTH * plan.budget_ms),
        found_then=shown(further, confirmable(c, many) / standard_errors_needed(error_of_one(c)), confirmable(c, many)),
        changes=changes,
        small=tuple(h for h in tried if too_small(h, min(confirms, selects))),
        refused=why,
        advice=advice(c, max(gain.high, *(h.predicted.high for h in tried), 0.0)) if why else "",
    )


def too_small(hypothesis: Hypothesis, told: float) -> bool:
    """Whether not even the upper end of what a hypothesis predicts could be told from nothing by what can tell ``told``.

    One that predicts nothing may be anything.
    """
    return not unknown(hypothesis) and hypothesis.predicted.high < told


def unknown(hypothesis: Hypothesis) -> bool:
    """Whether a hypothesis predicts nothing: its interval is as wide as its author could not know better."""
    return hypothesis.technique == EXPLORATION or hypothesis.predicted.value == 0


def advice(c: Campaign, effect: float) -> str:
    """Return what would detect ``effect``: seeds and the budget they take, or why no number of seeds does."""
    needed = seeds_for(c, effect)
    if needed is None:
        return f"no number of seeds tells that on so few test rows: seal more of them, or {LARGER}"
    if needed > MOST_CONFIRMATION:
        most = f"Confirmation uses {MOST_CONFIRMATION} at the most"
        return f"it takes {needed} seeds an arm, and {most}: lessen the noise between seeds, or {LARGER}"
    wanted = ceil(budget_for(c, needed) / 1000)
    return f"{needed} seeds an arm would do, which a budget of {wanted} device-seconds pays for (--budget {wanted}s), or {LARGER}"


def _runs(c: Campaign, plan: Plan) -> float:
    """Return the full runs that choose."""
    choosing = (p.cost_ms for p in plan.phases if p.phase is not Phase.CONFIRMATION)
    return max(1.0, sum(choosing) / full_ms(c))


def _refused(c: Campaign, plan: Plan, gain: Effect, confirms: float) -> str:
    """Return why the plan cannot show what it promises, or nothing. Where something predicts nothing, anything may come of it that is plausible."""
    if not plan.hypotheses:
        return "there is no hypothesis to test"
    if confirms > c.setup.largest_plausible_effect:
        most = c.setup.largest_plausible_effect
        return f"Confirmation can detect {confirms:.1%} and more, and nothing above {most:.0%} would be believed"
    open_ended = any(unknown(h) or h.aim is Aim.EFFICIENCY for h in plan.hypotheses)
    if open_ended or gain.high >= confirms:
        return ""
    promise = (
        f"even the best tenth of what all {len(plan.hypotheses)} hypotheses promise together begins at {gain.high:.2%}"
    )
    return f"Confirmation can detect {confirms:.2%} and more, and {promise}"
