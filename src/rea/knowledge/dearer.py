"""Does training cost what was said of it? A gain that is bought with training that nobody spoke of is not what it is said to be. Pure."""

from math import prod

from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE
from rea.domain.evidence import Finding, Flag
from rea.domain.experiment import Experiment, Phase
from rea.domain.hypothesis import Effect
from rea.domain.training_cost import training_cost

SLACK = 1.5  # what was said of a cost is a guess: it may be wrong by so much


def beyond(cost: Effect | None, said: float) -> bool:
    """Whether a training surely costs more than ``SLACK`` times what was ``said``: the whole 95 % interval of its relative change lies above."""
    return cost is not None and 1 + cost.low > SLACK * max(1.0, said)


def within(cost: Effect | None, said: float) -> bool:
    """Whether a training surely costs less than ``SLACK`` times what was ``said``: the whole 95 % interval lies below."""
    return cost is not None and 1 + cost.high < SLACK * max(1.0, said)


def said_of(c: Campaign, e: Experiment) -> float | None:
    """Return how many times the baseline's training it was said to cost; None where nobody said anything.

    Its hypotheses said so. What the search made of a patch nobody spoke of: there it is what was said of the patch, times what its size tells.
    """
    own = [c.hypotheses[h] for h in e.hypotheses if h in c.hypotheses]
    held = set(e.change.patches)
    known = own or [h for h in c.hypotheses.values() if h.change.patches and held >= set(h.change.patches)]
    size = 1.0 if own else max(1.0, training_cost(c.setup, BASELINE, e.change))
    return prod(max(1.0, h.cost) for h in known) * size if known else None


def flags(c: Campaign, found: Finding) -> tuple[Flag, ...]:
    """Return what an engineer should know of a treatment's cost.

    A setting is marked where it surely costs more than was said. A patch, of which nobody knows what else it does, has to be shown not to, in the
    phase that claims.
    """
    e = c.experiments[found.experiment]
    said = said_of(c, e)
    if said is None:
        return ()
    if beyond(found.cost, said):
        return (Flag.DEARER,)
    open_ = found.phase is Phase.CONFIRMATION and e.change.patches and not within(found.cost, said)
    return (Flag.COST_NOT_SHOWN,) if open_ else ()


def veto(c: Campaign, found: Finding) -> str:
    """Return why a person has to decide about what a patch costs, or nothing."""
    e = c.experiments[found.experiment]
    told = {Flag.DEARER, Flag.COST_NOT_SHOWN} & set(found.flags)
    if not told or not e.change.patches:
        return ""
    return words(found.cost, said_of(c, e) or 1.0, Flag.DEARER in told)


def words(cost: Effect | None, said: float, sure: bool) -> str:
    """Return what a person is told of a cost that is not what was said."""
    if cost is None:
        return "what training costs with its patch is not known"
    times = f"{1 + cost.value:.1f} [{1 + cost.low:.1f}, {1 + cost.high:.1f}] times as long as the baseline"
    how = f"trains {times}" if sure else f"is not shown to train less than {SLACK:g} times what was said: {times}"
    return f"{how}, {said:.3g} was said; read whether the gain comes from that"
