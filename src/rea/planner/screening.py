"""Combination as a designed experiment: hypotheses share runs, and what each adds is told from all runs together. Pure.

Testing ``n`` hypotheses alone, each with one run, leaves each with the whole noise of a run; in groups, every run tells of every member.
What is tried next has the largest expected improvement (Jones, Schonlau and Welch, 1998) of one more noisy run over the best belief, for its price.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, reduce
from math import erf, exp, pi, sqrt

from rea.domain.campaign import LEAST_DEAR, MOST_DEAR, Campaign
from rea.domain.change import BASELINE, Change, conflict, override, part_of
from rea.domain.hypothesis import Aim, Hypothesis, SourceName
from rea.domain.ids import HypothesisId, digest
from rea.domain.lever import Lever, Scalar
from rea.planner.arms import Arm, broken, challengers, field, measured, seed_noise
from rea.planner.barring import barred, unlucky
from rea.planner.belief import Belief, Mixed, Seen, believe, weigh
from rea.statistics.dearness import dearness

Told = tuple[tuple[tuple[str, Scalar], float], ...]
DEAR = 1.5  # times a baseline's training: what costs more is tried alone, lest others pay for it
LEAST_FLOOR = (
    0.02  # effects below this, or below FLOOR errors, count as this: how bad a failure is tells nothing of its parts
)
FLOOR = 4.0
MOST_SEEN = 160  # arms that a belief rests on: the best
MOST_FAILED = 20  # and of those that failed, the latest
MOST_IDEAS = 120  # hypotheses that are thought of at once: the latest
TOPS = 3  # of the best changes, around which candidates are made
DRAWN = 150  # candidates of each random kind
MOST_PARTS = 4  # hypotheses added at once to one of the best
STACKED = 12  # of the most promising hypotheses, stacked one after the other
FORECAST = 6.18  # standard errors that the interval of a stopped run's forecast spans
LOOKS = 5  # runs of one change, beyond which no more is learnt of it


def groups(hypotheses: Sequence[Hypothesis], size: int) -> list[tuple[Hypothesis, ...]]:
    """Return the hypotheses in groups of at most ``size`` that turn no lever twice, the best spread over all groups.

    An engineer's own ideas, what claims to save compute and what is dear stay alone.
    """
    alone = [h for h in hypotheses if not _shares(h)] if size > 1 else list(hypotheses)
    shared = [h for h in hypotheses if h not in alone]
    made: list[list[Hypothesis]] = [[] for _ in range(-(-len(shared) // size))]
    for hypothesis in shared:
        fitting = (g for g in sorted(made, key=len) if len(g) < size and not any(_clash(hypothesis, h) for h in g))
        place = next(fitting, None)
        if place is None:
            place = list[Hypothesis]()
            made.append(place)
        place.append(hypothesis)
    return [*((h,) for h in alone), *(tuple(g) for g in made if g)]


def together(group: Iterable[Hypothesis]) -> Change:
    """Return the change that makes all of a group's changes at once."""
    return reduce(override, (h.change for h in group), BASELINE)


def ideas(c: Campaign) -> list[Hypothesis]:
    """Return the hypotheses that are thought of."""
    return list(c.hypotheses.values())[-MOST_IDEAS:]


def hypotheses_in(c: Campaign, change: Change) -> tuple[HypothesisId, ...]:
    """Return the hypotheses whose changes are part of ``change``."""
    return tuple(h.id for h in c.hypotheses.values() if part_of(h.change, change))


def belief(c: Campaign) -> Belief | None:
    """Return what is believed of full runs, None while no change was compared. Arms that were dropped for their own failure count as bad ones."""
    rests_on = _rests_on(c)
    return None if rests_on is None else _believed(*rests_on)


def mixed(c: Campaign) -> Mixed | None:
    """Return the same with all that it might be instead, for intervals that are shown to people."""
    rests_on = _rests_on(c)
    return None if rests_on is None else _mixed(*rests_on)


def _rests_on(c: Campaign) -> tuple[tuple[Lever, ...], tuple[Seen, ...], float, tuple[Told, ...]] | None:
    scored = challengers(c)
    if not scored:
        return None
    full = c.setup.full.name
    dropped = [e for e in c.dropped if c.experiments[e].fidelity == full and not unlucky(c, e)]
    failed = [c.experiments[e].change for e in (*sorted(broken(c)), *dropped)]
    typical = sorted(arm.error for arm in scored)[len(scored) // 2]
    floor = -max(LEAST_FLOOR, FLOOR * typical)
    # kept for the state, as a long search has ten thousand arms and asks for its belief more than once
    well = c.once("ran well", lambda: {o for arm in scored if arm.raw > floor for o in arm.change.overrides})
    seen = [_seen(arm.change, arm.raw, arm.error, floor, well) for arm in scored[:MOST_SEEN]]
    seen += [_seen(change, floor, typical, floor, well) for change in failed[-MOST_FAILED:]]
    seen += _stopped(c, scored, floor)
    baseline = c.experiment_of(BASELINE, full)
    base = max(1, len(measured(c, baseline.id))) if baseline else 1
    pool = c.once(f"seed noise at {full}", lambda: seed_noise(c, full))
    return c.setup.levers, tuple(seen), pool.sd / sqrt(base), _expected(c)


def _seen(change: Change, effect: float, error: float, floor: float, well: set[tuple[str, Scalar]]) -> Seen:
    """Return what a run tells. One that did much harm tells little of each of several settings that never ran well: most likely one of them did
    it, and the others are what they were thought to be."""
    masked = effect <= floor and len(set(change.overrides) - well) > 1
    return Seen(change, max(floor, effect), max(error, -floor / 2) if masked else error)


def _stopped(c: Campaign, scored: Sequence[Arm], floor: float) -> list[Seen]:
    """Return what was forecast of changes whose only runs were stopped, so that they are not tried again and again."""
    compared = {arm.change for arm in scored} if c.stopped_runs else set[Change]()
    told = ((c.jobs[job].job, s.forecast) for job, s in c.stopped_runs.items())
    alone = [(j, f) for j, f in told if j.change not in compared and j.fidelity == c.setup.full.name]
    return [Seen(j.change, max(floor, f.value), (f.high - f.low) / FORECAST) for j, f in alone[-MOST_FAILED:]]


@lru_cache(maxsize=4)
def _believed(levers: tuple[Lever, ...], seen: tuple[Seen, ...], shared: float, expected: tuple[Told, ...]) -> Belief:
    return believe(levers, seen, shared, *map(dict, expected))


@lru_cache(maxsize=2)
def _mixed(levers: tuple[Lever, ...], seen: tuple[Seen, ...], shared: float, expected: tuple[Told, ...]) -> Mixed:
    return weigh(levers, seen, shared, *map(dict, expected))


def _expected(c: Campaign) -> tuple[Told, ...]:
    """Return what is predicted of single settings: by history, which may mislead here, and by all others."""
    singles = [h for h in ideas(c) if len(h.change.overrides) == 1 and not h.change.patches]
    history = _told(h for h in singles if h.source is SourceName.HISTORY)
    others = _told(h for h in singles if h.source is not SourceName.HISTORY)
    return (others, history) if history else (others,)


def _told(hypotheses: Iterable[Hypothesis]) -> Told:
    return tuple((h.change.overrides[0], h.predicted.value) for h in hypotheses)


def generation(c: Campaign, count: int, number: int) -> list[Change]:
    """Return the next ``count`` changes to run, again for one more look or for the first time; ``number`` makes each draw another."""
    now = belief(c)
    if now is None:
        return []
    known = list(dict.fromkeys(s.change for s in now.design.seen))
    wanted = list(candidates(c, now, known, digest("generation", c.policy.seed, number)))
    had, noise = looks(c), now.design.typical
    chosen: list[Change] = []
    for _ in range(count):
        best = max(0.0, float(now.of(known)[0].max()))
        gains = improvement(now, wanted, best, noise)
        worth = [
            gain / price(c, x) if chosen.count(x) < further_looks(had.get(x, 0)) else 0.0
            for x, gain in zip(wanted, gains, strict=True)
        ]
        place = max(range(len(wanted)), key=worth.__getitem__, default=None)
        if place is None or worth[place] <= 0:
            break
        chosen.append(wanted[place])
        now = now.after(wanted[place], float(now.of([wanted[place]])[0][0]), noise)
    return chosen


def candidates(c: Campaign, now: Belief, known: Sequence[Change], seed: str) -> Iterator[Change]:
    """Yield changes worth a thought, each once: around the best, without one part, with one or some hypotheses more, and unions of those."""
    single = [h.change for h in ideas(c)]
    means, _ = now.of(known)
    tops = [known[i] for i in sorted(range(len(known)), key=lambda i: -means[i])[:TOPS]] or [BASELINE]
    doomed = barred(c)
    near = list(_around(tops, single, now))
    pool = [*near, *_drawn(tops, near, single, seed)]
    sound = (x for x in dict.fromkeys(pool) if x != BASELINE and not doomed(x))
    yield from (x for x in sound if _turns(c, x))


def _around(tops: Sequence[Change], single: Sequence[Change], now: Belief) -> Iterator[Change]:
    for top in tops:
        yield top
        yield from (joined(top, one) for one in single)
        yield from (without(top, name) for name, _ in top.overrides)
        yield from (joined(top, other) for other in tops)
    yield from single
    means, spreads = now.of(single) if single else ((), ())
    for hope in (0.0, 0.5, 1.0):
        stack = tops[0]
        promise = [m + hope * s for m, s in zip(means, spreads, strict=True)]
        for place in sorted(range(len(single)), key=lambda i: -promise[i])[:STACKED]:
            if promise[place] > 0 and not _names(single[place]) & _names(stack):
                stack = joined(stack, single[place])
                yield stack


def _drawn(tops: Sequence[Change], near: Sequence[Change], single: Sequence[Change], seed: str) -> Iterator[Change]:
    import numpy as np

    dice = np.random.default_rng(int(seed[:12], 16))
    for _ in range(DRAWN):
        one, other = (near[int(i)] for i in dice.integers(len(near), size=2))
        yield joined(one, other)
        parts = dice.integers(len(single), size=int(dice.integers(1, MOST_PARTS + 1))) if single else ()
        yield reduce(joined, (single[int(i)] for i in parts), tops[int(dice.integers(len(tops)))])


def price(c: Campaign, change: Change) -> float:
    """Return the expected cost of a run relative to the baseline's, from what all runs so far have cost."""
    return min(MOST_DEAR, max(LEAST_DEAR, dearness(c, change)))


def improvement(now: Belief, changes: Sequence[Change], best: float, noise: float) -> list[float]:
    """Return by how much one more run of each is expected to raise the best belief (Frazier et al. 2009, one change at a time)."""
    found = []
    for mean, spread in zip(*now.of(changes), strict=True):
        moved = float(spread**2 / sqrt(spread**2 + noise**2))
        ahead = (float(mean) - best) / moved
        density, below = exp(-(ahead**2) / 2) / sqrt(2 * pi), (1 + erf(ahead / sqrt(2))) / 2
        found.append(moved * (ahead * below + density))
    return found


def looks(c: Campaign) -> dict[Change, int]:
    """Return how many full runs each change has had."""
    return {arm.change: arm.runs for arm in field(c)}


def further_looks(had: int) -> int:
    """Return how many further runs a change may get at once: what never ran might fail, and one failure is enough to know."""
    return LOOKS - had if had else 1


def joined(first: Change, second: Change) -> Change:
    """Return ``first`` with what ``second`` sets; ``first`` alone where both patch one file differently."""
    if first.patches and second.patches and conflict(Change(patches=first.patches), Change(patches=second.patches)):
        return first
    return override(first, second)


def without(change: Change, name: str) -> Change:
    """Return ``change`` with one lever back where it stands by default."""
    return Change(overrides=tuple(o for o in change.overrides if o[0] != name), patches=change.patches)


def _turns(c: Campaign, change: Change) -> bool:
    """Whether a change leaves the baseline at all."""
    defaults = {lever.name: lever.default for lever in c.setup.levers}
    return bool(change.patches) or any(defaults.get(name) != value for name, value in change.overrides)


def _shares(hypothesis: Hypothesis) -> bool:
    own = hypothesis.source is SourceName.ENGINEER or hypothesis.aim is Aim.EFFICIENCY
    return not own and hypothesis.cost < DEAR


def _clash(one: Hypothesis, other: Hypothesis) -> bool:
    """Whether two hypotheses turn one lever differently."""
    return conflict(one.change, other.change) is not None


def _names(change: Change) -> set[str]:
    return {name for name, _ in change.overrides}
