"""What changes cost to train, learnt from all that ran: logarithms of costs add up over the levers that are turned. Pure.

Ridge regression (Hoerl and Kennard, Technometrics 1970). A lever whose values are positive numbers costs in proportion to a power of its value, as
epochs, batch sizes and widths do; any other setting costs a factor of its own. What was said of a cost counts as a run that is less sure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE, Change
from rea.domain.experiment import Experiment, Purpose, Replicate
from rea.domain.lever import Lever
from rea.domain.runbook import Cause

RUN_SD, SAID_SD = 0.15, 0.3  # of log costs: what runs of one change scatter by, and what is said of a cost is off by
FACTOR_SD = 1.0  # of the log factor of one lever
MOST_RUNS = 200  # experiments that are learnt from: the latest
BEYOND = 1.25  # times what a run had cost when its limit ended it: what it is taken to cost in full
SWEEPS, CLOSE = 30, 1e-3

Features = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a change cost, or is said to, as a multiple of the baseline's. ``at_least``: its limit ended it."""

    change: Change
    times: float
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Dearness:
    """The log factor that each unit of each feature of a change multiplies its cost by."""

    levers: Mapping[str, Lever]
    factors: Mapping[str, float]

    def of(self, change: Change) -> float:
        """Return the expected cost of a run, as a multiple of the baseline's."""
        return exp(sum(self.factors.get(name, 0.0) * x for name, x in features(self.levers, change).items()))


def dearness(c: Campaign, change: Change) -> float:
    """Return how many times a default run a run of ``change`` takes: as its own first run showed, else as all runs let expect."""
    own = shown(c, change)
    return c.once("dearness", lambda: _learnt(c)).of(change) if own is None else own


def shown(c: Campaign, change: Change) -> float | None:
    """Return the same where a run of this very change came to its end."""
    same = (c.experiment_of(change, fidelity.name) for fidelity in c.setup.fidelities)
    own = [cost.times for e in same if e is not None and (cost := _cost(c, e)) is not None and not cost.at_least]
    return max(own, default=None)


def _learnt(c: Campaign) -> Dearness:
    ran = [_cost(c, e) for e in list(c.experiments.values())[-MOST_RUNS:] if e.change != BASELINE]
    said = [Cost(h.change, h.cost) for h in list(c.hypotheses.values())[-MOST_RUNS:]]
    return learn({lever.name: lever for lever in c.setup.levers}, [cost for cost in ran if cost is not None], said)


def _cost(c: Campaign, experiment: Experiment) -> Cost | None:
    """Return what the first run of an experiment cost, if it has come to an end that tells."""
    first = Replicate(experiment=experiment.id, index=0, purpose=Purpose.SELECT).key
    made = c.attempts.get(first, ())
    done = c.succeeded.get(first) or (made[-1] if made and experiment.id in c.dropped else None)
    if done is None or c.noise is None or experiment.fidelity not in dict(c.noise.cost_ms):
        return None
    cut = first not in c.succeeded
    treatment = c.jobs[done].treatment if cut else None
    if cut and (treatment is None or treatment.cause is not Cause.RESOURCES):
        return None
    times = c.run_cost_ms(done) / c.noise.cost_of(experiment.fidelity)
    return Cost(experiment.change, times, at_least=cut) if times > 0 else None


def learn(levers: Mapping[str, Lever], ran: Sequence[Cost], said: Sequence[Cost]) -> Dearness:
    """Return what is believed of costs. A run that its limit ended tells only where less would be expected of it."""
    whole = [cost for cost in ran if not cost.at_least]
    found = _fit(levers, whole, said)
    cut = [cost for cost in ran if cost.at_least and found.of(cost.change) < cost.times * BEYOND]
    return _fit(levers, whole + [Cost(c.change, c.times * BEYOND) for c in cut], said) if cut else found


def features(levers: Mapping[str, Lever], change: Change) -> Features:
    """Return what costs are told by: for a positive number the log of its ratio to the default's, for all else that it is set."""
    told: dict[str, float] = {}
    for name, value in change.overrides:
        default = levers[name].default if name in levers else None
        if _positive(value) and _positive(default):
            told[name] = log(float(value) / float(default))  # type: ignore[arg-type]
        elif value != default:
            told[f"{name} = {value}"] = 1.0
    return told | {str(patch): 1.0 for patch in change.patches}


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _fit(levers: Mapping[str, Lever], ran: Sequence[Cost], said: Sequence[Cost]) -> Dearness:
    """Minimise the squared errors, each in its deviations, by sweeps over the factors (Gauss-Seidel)."""
    rows = [
        (features(levers, c.change), log(c.times), sd) for costs, sd in ((ran, RUN_SD), (said, SAID_SD)) for c in costs
    ]
    left = [y for _, y, _ in rows]
    holding: dict[str, list[tuple[int, float, float]]] = {}
    for i, (told, _, sd) in enumerate(rows):
        for name, x in told.items():
            holding.setdefault(name, []).append((i, x, x / sd**2))
    factors = dict.fromkeys(holding, 0.0)
    for _ in range(SWEEPS):
        moved = 0.0
        for name, places in holding.items():
            old = factors[name]
            pull = sum(w * (left[i] + x * old) for i, x, w in places)
            new = pull / (sum(w * x for _, x, w in places) + 1 / FACTOR_SD**2)
            for i, x, _ in places:
                left[i] += x * (old - new)
            factors[name], moved = new, max(moved, abs(new - old))
        if moved < CLOSE:
            break
    return Dearness(levers, factors)
