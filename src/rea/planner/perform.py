"""Planning's effects: ask the sources for hypotheses, the search for points, and tell people."""

from collections.abc import Sequence
from dataclasses import replace

from rea.domain.action import Notify, Propose, Suggest
from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE, Change, override
from rea.domain.event import Event, HypothesesProposed, Notified, Suggested
from rea.domain.hypothesis import Aim, Hypothesis, SourceName, hypothesis_id
from rea.domain.lever import Lever, Role
from rea.planner.barring import barred
from rea.planner.cost import confirmation_seeds, selection_ms
from rea.planner.detection import confirmable
from rea.planner.phases.exploitation import best_change, full_arms
from rea.planner.phases.opening import experiment
from rea.planner.portfolio import choose
from rea.planner.pricing import past_costs
from rea.planner.search.telling import telling
from rea.ports import Briefing, Point, Ports

EXPLORATION = 0.2  # share of the hypotheses that are chosen for being little tried
SEARCHED = 6  # levers at once
MOST_POINTS = 1000  # that the search is told
# what is worth refining whatever was found, most telling first
ALWAYS = (
    Role.LEARNING_RATE,
    Role.EMBEDDING_LEARNING_RATE,
    Role.EMBEDDING_L2,
    Role.DROPOUT,
    Role.WEIGHT_AVERAGING,
    Role.WEIGHT_DECAY,
)


def propose(action: Propose, c: Campaign, ports: Ports) -> tuple[Event, ...]:
    """Ask every source, choose a portfolio, and stack each choice of a later round on the best change so far."""
    current = best_change(c) if action.round > 1 else BASELINE
    taken = frozenset(c.hypotheses) | frozenset(c.rejected)
    briefing = Briefing(
        workload=c.turnable(current),
        setting=c.setting,
        current=current,
        noise=c.calibrated,
        taken=taken,
        round=action.round,
        left_ms=selection_ms(c),
    )
    sure = showable(c)
    offers = [source.propose(briefing, 2 * action.count + len(taken)) for source in ports.sources]
    offers = [[h for h in offer if sure or h.aim is Aim.QUALITY or h.source is SourceName.ENGINEER] for offer in offers]
    offered = action.count if action.round == 1 else action.count + len(c.hypotheses)
    chosen = choose(offers, offered, EXPLORATION, c.policy.seed + action.round)
    tested = {h.moves for h in c.hypotheses.values()}  # what was tried alone is not tried again on top of something
    stacked = [_on(current, h) for h in chosen if action.round == 1 or h.moves not in tested]
    fresh = tuple(h for h in stacked if h.id not in taken)
    # later rounds choose from more, as some turn out to be tried
    fresh = fresh if action.round == 1 else fresh[: action.count]
    return (HypothesesProposed(round=action.round, hypotheses=fresh, costs=past_costs(ports.insights.all(), c)),)


def showable(c: Campaign) -> bool:
    """Whether Confirmation could tell equal quality from a loss beyond the margin, which is what a claim to save compute has to show."""
    return confirmable(c, confirmation_seeds(c)) <= c.policy.margin


def _on(current: Change, hypothesis: Hypothesis) -> Hypothesis:
    change = override(current, hypothesis.change)
    return hypothesis if current == BASELINE else replace(hypothesis, change=change, id=hypothesis_id(change))


def suggest(action: Suggest, c: Campaign, ports: Ports) -> tuple[Event, ...]:
    """Ask the search for points around the best change; what it knows is every full run that differs in nothing else."""
    best = best_change(c)
    levers = search_levers(c.turnable(best).levers, best)
    names = {lever.name for lever in levers}
    start = dict(_settings(best, levers).overrides)
    rest = _without(best, names)
    near = telling([a for a in full_arms(c) if _without(a.change, names) == rest], MOST_POINTS)
    points = [Point(change=_settings(a.change, levers), effect=a.raw) for a in near]
    answers = ports.search.suggest(levers, start, points, action.count, c.policy.seed + 1000 + action.batch)
    doomed = barred(c)
    changes = dict.fromkeys(x for answer in answers if not doomed(x := override(best, answer)))
    new = [experiment(c, x, c.setup.full.name) for x in changes if c.experiment_of(x, c.setup.full.name) is None]
    return (Suggested(round=action.round, batch=action.batch, experiments=tuple(new)),)


def search_levers(levers: tuple[Lever, ...], best: Change) -> tuple[Lever, ...]:
    """Return the numeric levers worth refining: those the best change turned, then the usual ones, a handful in all."""
    numeric = [lever for lever in levers if lever.numeric and lever.low is not None]
    turned = [lever for lever in numeric if lever.name in dict(best.overrides)]
    usual = [lever for role in ALWAYS for lever in numeric if lever.role is role]
    return tuple(dict.fromkeys([*turned, *usual]))[:SEARCHED]


def _without(change: Change, names: set[str]) -> tuple[object, ...]:
    """Return what ``change`` holds beside the levers of these names, only to be compared: ten thousand changes are cut like this at once."""
    return (*[override for override in change.overrides if override[0] not in names], change.patches)


def _settings(change: Change, levers: Sequence[Lever]) -> Change:
    """Return where ``change`` leaves ``levers``: what it does not turn stands at its default, wherever the best change has it."""
    told = dict(change.overrides)
    return Change(overrides=tuple((lever.name, told.get(lever.name, lever.default)) for lever in levers))


def tell(action: Notify, ports: Ports) -> tuple[Event, ...]:
    """Run the notify hook. Told and not recorded means told again: better twice than never."""
    ports.notify(action.kind, action.text)
    return (Notified(kind=action.kind, subject=action.subject),)
