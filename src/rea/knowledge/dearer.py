"""Does training cost what was said of it? A gain that is bought with training time that nobody spoke of is not what it is said to be. Pure."""

from math import prod

from rea.domain.campaign import Campaign
from rea.domain.change import Change
from rea.domain.evidence import Finding
from rea.domain.experiment import Experiment
from rea.domain.hypothesis import Effect

SLACK = 1.25  # a training may surely cost a quarter more than was said, and no more, before a person is told


def beyond(cost: Effect | None, said: float) -> bool:
    """Whether the whole 95 % interval of a relative change of cost lies above ``SLACK`` times what was ``said``, at least one baseline."""
    return cost is not None and 1 + cost.low > SLACK * max(1.0, said)


def said_of(c: Campaign, e: Experiment) -> float | None:
    """Return how many times the baseline's training it was said to cost: the product of what its hypotheses said; None where none did."""
    known = [c.hypotheses[h].cost for h in e.hypotheses if h in c.hypotheses]
    return prod(max(1.0, cost) for cost in known) if known else None


def dearer(c: Campaign, found: Finding) -> bool:
    """Whether a finding's treatment cost more than was said of it, or holds a patch that did, alone or with others."""
    e = c.experiments[found.experiment]
    said = said_of(c, e)
    return (said is not None and beyond(found.cost, said)) or bool(_patches(e.change) & _dear_patches(c))


def words(c: Campaign, found: Finding) -> str:
    """Return what a person is told of it."""
    said = said_of(c, c.experiments[found.experiment])
    times = "" if found.cost is None else f"trains {1 + found.cost.value:.1f} times as long as the baseline"
    stated = "of one of its patches more was measured than was said" if said is None else f"{said:.3g} was said"
    return f"{times or 'its cost is not known'}, {stated}: what the gain comes from is not shown"


def _dear_patches(c: Campaign) -> set[str]:
    """Return the patches of arms that cost more than was said: what refines one of them, or stacks on it, has its training in it."""
    arms = [(f, c.experiments[f.experiment]) for f in c.findings.values()]
    return {
        digest
        for f, e in arms
        if len(e.change.patches) == 1 and (said := said_of(c, e)) is not None and beyond(f.cost, said)
        for digest in _patches(e.change)
    }


def _patches(change: Change) -> set[str]:
    return {patch.digest for patch in change.patches}
