"""A plan for people: what it can detect and promises, what each phase costs and how sure that is, what would show a hypothesis wrong. Pure."""

from math import exp, sqrt
from statistics import NormalDist

from rea.domain.campaign import Campaign
from rea.domain.change import Patch
from rea.domain.hypothesis import Effect, Hypothesis
from rea.domain.plan import CostError, PhasePlan, Plan
from rea.planner.detection import seeds_for
from rea.planner.outlook import Outlook
from rea.rehearsal.play import Rehearsed
from rea.report import numbers as n

Lines = list[str]


def hypotheses(c: Campaign, plan: Plan, seen: Outlook | None) -> list[tuple[Hypothesis, Lines]]:
    """Return each hypothesis with what is to be said of it."""
    small = set(seen.small) if seen else set()
    return [(h, _hypothesis(c, h, seen if h in small else None)) for h in plan.hypotheses]


def _hypothesis(c: Campaign, h: Hypothesis, small: Outlook | None) -> Lines:
    origin = f"{h.source}{', ' + h.technique if h.technique else ''}"
    lines = [
        f"{origin}; predicted {effect(h.predicted)} (80 %), cost x{h.cost:.2g}; {h.citation}".rstrip("; "),
        f"wrong if: {h.falsifier}",
    ]
    return [*lines, _too_small(c, h, small)] if small else lines


def _too_small(c: Campaign, h: Hypothesis, seen: Outlook) -> str:
    needed = seeds_for(c, h.predicted.high)
    takes = f"{needed} seeds an arm would tell it" if needed else "no number of seeds would on so few rows"
    least = min(seen.selects, seen.confirms)
    return f"too small to be told alone: at most {h.predicted.high:+.2%}, and {least:.2%} can be told ({takes}); it can only help a stack"


def money(plan: Plan, cost_ms: int) -> str:
    """Return what device time costs in money where the workload names a price."""
    return "" if plan.price_per_hour is None else f", about {cost_ms / 3.6e6 * plan.price_per_hour:.2f} in money"


def phase(plan: Plan, x: PhasePlan) -> str:
    """Return one phase with its price."""
    span = f"{n.duration(x.low_ms)} to {n.duration(x.high_ms)}"
    price = f"{n.duration(x.cost_ms):>8} ({span}){money(plan, x.cost_ms)}"
    return f"{x.phase:<13} {x.jobs:>4} jobs  {price}  {x.purpose}".replace(n.NARROW, " ")


def costs(error: CostError) -> str:
    """Return what the prices' intervals rest on."""
    if not error.experiments:
        return "prices: intervals of 80 %; no earlier campaign says yet how far runs lie off their prices, so a plain guess stands for that"
    half = NormalDist().inv_cdf(0.9) * sqrt(error.between**2 + error.within**2)
    return (
        f"prices: intervals of 80 %; {error.experiments} experiments of {error.campaigns} earlier campaigns cost "
        f"{exp(error.bias):.2f} times what was expected of them, a single one {exp(error.bias - half):.2f} to {exp(error.bias + half):.2f} times"
    )


def outlook(plan: Plan, seen: Outlook) -> Lines:
    """Return what the budget can detect, what the plan promises and what a little more budget would buy."""
    gone = f"{n.duration(seen.more_ms)}{money(plan, seen.more_ms)}".replace(n.NARROW, " ")
    then = f"in {seen.changes:.0%} of cases another stack is chosen, which then makes {seen.more.low:+.2%} to {seen.more.high:+.2%}"
    return [
        f"the budget can detect: choosing tells {seen.selects:.2%} and more of one hypothesis, "
        f"Confirmation {seen.confirms:.2%} and more of what is proposed ({seen.seeds} seeds an arm; 80 % power, relative improvement)",
        f"promised: {effect(seen.gain)} (80 %) in what goes to Confirmation, which shows it with a chance of {seen.found:.0%}; "
        "rea plan --dry-run plays the campaign, failures to find anything included",
        f"the next 10 % of budget ({gone}): {seen.more.value:+.3%} more is expected; {then}; "
        f"the chance to show something goes from {seen.found:.0%} to {seen.found_then:.0%}",
    ]


def effect(e: Effect) -> str:
    """Return such as ``+0.30 % [-0.10, +0.70]``."""
    return f"{100 * e.value:+.2f} % [{100 * e.low:+.2f}, {100 * e.high:+.2f}]"


def patches(c: Campaign, h: Hypothesis) -> list[Patch]:
    """Return the patches of a hypothesis that passed the gate."""
    return [p for p in h.change.patches if p.digest in c.patches]


def rehearsed(plan: Plan, r: Rehearsed) -> Lines:
    """Return what came of playing a campaign."""
    lines = [
        f"played {r.plays} times from here on simulated jobs, each time in another world that the predictions hold for possible:",
        f"  likely gain      {effect(r.gain)} in what would be launched (median and 80 % interval, true effect, 0 where nothing is)",
        f"  nothing found    in {r.nothing:.0%} of plays; of what was found {r.worse:.0%} was no improvement in truth",
        f"  likely spend     {_span(r.spent_ms, 1.0)}{money(plan, round(r.spent_ms.value))}",
        f"  likely to end    {_span(r.wall_s, 1000.0)} after the approval",
    ]
    lines += [f"    {phase:<13} {_count(jobs):>13} jobs  {_span(cost, 1.0)}" for phase, jobs, cost in r.phases]
    lines += [f"  a person is asked to look at something in {r.asked:.0%} of plays"] if r.asked else []
    lines += [f"  {r.unfinished} plays did not come to an end"] if r.unfinished else []
    return [
        *lines,
        "  not played: failing jobs, guardrails, what a language model would propose; the search is a plainer one",
    ]


def _span(e: Effect, unit: float) -> str:
    told = (n.duration(unit * x) for x in (e.value, e.low, e.high))
    return "{} ({} to {})".format(*told).replace(n.NARROW, " ")


def _count(e: Effect) -> str:
    return f"{e.value:.0f} ({e.low:.0f}-{e.high:.0f})"
