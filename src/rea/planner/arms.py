"""What the planner believes of each arm: estimates from comparisons, shrunk for having been looked at. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from rea.domain.action import ArmPair
from rea.domain.campaign import Campaign, comparison_kind
from rea.domain.change import BASELINE, Change
from rea.domain.evidence import Comparison, Rows
from rea.domain.experiment import Experiment, Purpose
from rea.domain.ids import ExperimentId, JobId
from rea.statistics.score import error_of, pool_of
from rea.statistics.shrinkage import Posterior, shrink
from rea.statistics.variance import Pool

INTERVAL_80 = 2.56  # standard deviations that an 80 % interval spans
LEAST_SPREAD = 0.002  # of true effects, before any is known
BROKE = -0.5  # relative change, below which a training broke: no idea makes a competent model half as good


class Arm(NamedTuple):
    """An experiment against the baseline on the judge rows: ``raw`` is what was measured, ``mean`` and ``sd`` the shrunk belief."""

    experiment: Experiment
    runs: int
    raw: float
    error: float  # standard error of ``raw``
    mean: float
    sd: float
    p_positive: float
    cost_ms: int  # mean device-milliseconds of one run

    @property
    def change(self) -> Change:
        return self.experiment.change


def measured(c: Campaign, experiment: ExperimentId, purpose: Purpose = Purpose.SELECT) -> tuple[JobId, ...]:
    """Return the judged jobs of an experiment, by replicate."""
    mine = [key for key in c.runs_of.get(experiment, ()) if c.replicates[key].purpose is purpose]
    return tuple([job for key in mine if (job := c.scored.get(key)) is not None])


def pairs_due(c: Campaign, experiments: Iterable[ExperimentId], purpose: Purpose, rows: Rows) -> tuple[ArmPair, ...]:
    """Return the comparisons that know less than has been measured."""
    due: list[ArmPair] = []
    kind = comparison_kind(c.setup.primary, rows)
    baselines = {f.name: c.experiment_of(BASELINE, f.name) for f in c.setup.fidelities}
    all_base = {name: measured(c, e.id, purpose) for name, e in baselines.items() if e is not None}
    for e in experiments:
        baseline = baselines.get(fidelity := c.experiments[e].fidelity)
        if baseline is None or e == baseline.id:
            continue
        base, known = all_base[fidelity], c.comparisons.get(e + kind)
        if known is not None and known.baseline_jobs == base and known.jobs == _latest(c, e):
            continue  # as nearly all of ten thousand: nothing ran since
        jobs = measured(c, e, purpose)
        if jobs and base and (known is None or (known.jobs, known.baseline_jobs) != (jobs, base)):
            due.append(ArmPair(experiment=e, jobs=jobs, baseline=baseline.id, baseline_jobs=base))
    return tuple(due)


def _latest(c: Campaign, experiment: ExperimentId) -> tuple[JobId | None, ...]:
    """Return what was last scored of every run of an experiment, of whatever purpose."""
    return tuple(map(c.scored.get, c.runs_of.get(experiment, ())))


def seed_noise(c: Campaign, fidelity: str) -> Pool:
    """Return the seed noise at ``fidelity``, pooled over all arms and the baseline's calibration runs, which every comparison holds."""
    return pool_of(x for e, x in all_compared(c) if e.fidelity == fidelity)


def compared(c: Campaign, experiment: ExperimentId) -> Comparison | None:
    """Return the latest comparison of an arm's primary metric on the judge rows."""
    return c.comparison(experiment, c.setup.primary)


def all_compared(c: Campaign) -> list[tuple[Experiment, Comparison]]:
    """Return the same of every arm that has one: ten thousand are found at once in a fifth of the time."""
    return c.once("compared", lambda: _all_compared(c))


def _all_compared(c: Campaign) -> list[tuple[Experiment, Comparison]]:
    kind = comparison_kind(c.setup.primary, Rows.JUDGE)
    return [(e, x) for e in c.experiments.values() if (x := c.comparisons.get(e.id + kind)) is not None]


def arms(c: Campaign, experiments: Iterable[ExperimentId]) -> list[Arm]:
    """Return what is believed of these experiments, best first. They shrink towards one another: give arms of one kind and one fidelity."""
    return _arms(c, [(c.experiments[e], x) for e in experiments if (x := compared(c, e)) is not None])


def _arms(c: Campaign, pairs: Iterable[tuple[Experiment, Comparison]]) -> list[Arm]:
    found = [(e, x) for e, x in pairs if e.id not in c.dropped]
    if not found:
        return []
    fidelity = found[0][0].fidelity
    pool = c.once(f"seed noise at {fidelity}", lambda: seed_noise(c, fidelity))
    errors = [error_of(x, pool) for _, x in found]
    beliefs = _believe(c, found, errors)
    made = [
        Arm(e, len(x.seeds), x.effect, error, belief.mean, belief.sd, belief.p_positive, _mean_cost(c, x))
        for (e, x), error, belief in zip(found, errors, beliefs, strict=True)
    ]
    return sorted(made, key=lambda a: (-a.mean, a.experiment.id))


def _believe(c: Campaign, found: list[tuple[Experiment, Comparison]], errors: list[float]) -> tuple[Posterior, ...]:
    """Shrink singles toward their own predictions, composites toward what their kind has shown."""
    effects = [x.effect for _, x in found]
    predicted = [[c.hypotheses[h].predicted for h in e.hypotheses if h in c.hypotheses] for e, _ in found]
    if all(len(p) == 1 for p in predicted):
        means = [p[0].value for p in predicted]
        spread = max(LEAST_SPREAD, sum((p[0].high - p[0].low) / INTERVAL_80 for p in predicted) / len(predicted))
        return shrink(effects, errors, means, spread)
    weights = [1 / max(error, 1e-9) ** 2 for error in errors]
    common = sum(w * x for w, x in zip(weights, effects, strict=True)) / sum(weights)
    return shrink(effects, errors, [common] * len(effects), max(LEAST_SPREAD, abs(common) / 2), null_share=0.0)


def _mean_cost(c: Campaign, comparison: Comparison) -> int:
    known = c.run_costs  # asked here for speed, of ten thousand arms at once
    costs = [known[j] if j in known else c.run_cost_ms(j) for j in comparison.jobs]
    return round(sum(costs) / len(costs))


def field(c: Campaign) -> list[Arm]:
    """Return every arm that ran in full, was compared and did not break, best first by what it showed alone."""
    broke = broken(c)
    return c.once("field", lambda: _arms(c, ((e, x) for e, x in _in_full(c) if e.id not in broke)))


def challengers(c: Campaign) -> list[Arm]:
    """Return the same without the baseline, which against itself shows only how noisy runs are."""
    return [arm for arm in field(c) if arm.change != BASELINE]


def broken(c: Campaign) -> frozenset[ExperimentId]:
    """Return what ran in full and ended under some seed far worse than the baseline: a failure, whatever the training's exit code was."""
    return c.once("broken", lambda: frozenset(e.id for e, x in _in_full(c) if min(x.seeds) < BROKE))


def _in_full(c: Campaign) -> list[tuple[Experiment, Comparison]]:
    full = c.setup.full.name
    return [(e, x) for e, x in all_compared(c) if e.fidelity == full]
