"""Calibration: the baseline under several seeds (A/A) gives the noise floor, the cost of a run, and what the budget can detect. Pure."""

from statistics import fmean, stdev

from rea.domain.action import ArmPair, Compare, Decision
from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE
from rea.domain.event import Calibrated
from rea.domain.evidence import Noise
from rea.domain.experiment import Experiment, Phase
from rea.domain.ids import JobId
from rea.domain.job import hold_ms, limit_s
from rea.planner.arms import compared, measured
from rea.planner.cost import seeds_alone
from rea.planner.phases.opening import added, busy, ended, experiment, fresh, opened
from rea.statistics.multiplicity import alpha_for_opening
from rea.statistics.power import detectable

ROUND = 1
FEWEST_RUNS = 2  # of the baseline, below which nothing scatters


def step(c: Campaign) -> Decision:
    """Run the baseline at every fidelity, compare one half of its seeds with the other, and say what was found."""
    record = c.phase(ROUND, Phase.CALIBRATION)
    if record is None:
        return _open(c)
    if busy(c, record):
        return Decision()
    full = c.experiment_of(BASELINE, c.setup.full.name)
    assert full is not None
    short = {e: FEWEST_RUNS - len(measured(c, e)) for e in record.experiments}
    if any(missing > 0 for missing in short.values()):
        more = [r for e, missing in short.items() for r in fresh(c, e, Phase.CALIBRATION, missing)]
        return added(record, (), more, "failures left too few runs of the baseline to tell its noise")
    if compared(c, full.id) is None:
        return Decision(actions=(Compare(pairs=(_halves(c, full),), guardrails=True),))
    if c.noise is None:
        return Decision(events=(Calibrated(noise=_noise(c, full)),))
    return ended(record, "the noise floor is known") if not record.ended else Decision()


def _open(c: Campaign) -> Decision:
    rungs = [experiment(c, BASELINE, f.name) for f in c.setup.fidelities]
    replicates = [r for rung in rungs for r in fresh(c, rung.id, Phase.CALIBRATION, c.policy.calibration_seeds)]
    return opened(ROUND, Phase.CALIBRATION, rungs, replicates, "the baseline under several seeds (A/A)")


def _halves(c: Campaign, full: Experiment) -> ArmPair:
    jobs = measured(c, full.id)
    half = len(jobs) // 2
    return ArmPair(experiment=full.id, jobs=jobs[:half], baseline=full.id, baseline_jobs=jobs[half:])


def _noise(c: Campaign, full: Experiment) -> Noise:
    runs = {e.fidelity: measured(c, e.id) for e in c.experiments.values() if e.change == BASELINE}
    spread = tuple((fidelity, _seed_sd(c, jobs)) for fidelity, jobs in runs.items())
    costs = tuple((fidelity, round(fmean(c.run_cost_ms(j) for j in jobs))) for fidelity, jobs in runs.items())
    split = compared(c, full.id)
    resources = c.setup.resources
    row_sd = split.row_variance**0.5 if split else 0.0
    seeds = seeds_alone(c, dict(costs)[full.fidelity])
    sd = dict(spread)[full.fidelity]
    return Noise(
        seed_sd=spread,
        degrees_of_freedom=len(runs[full.fidelity]) - 1,
        row_sd=row_sd,
        cost_ms=costs,
        hold_ms=hold_ms(
            limit_s(dict(costs)[full.fidelity], resources.devices, resources.time_limit_s), resources.devices
        ),
        baseline=fmean(_values(c, runs[full.fidelity])),
        detectable=detectable(sd, row_sd, seeds, seeds, alpha=alpha_for_opening(1, c.policy.alpha), power=0.8),
        bound=split.bound if split else None,
    )


def _values(c: Campaign, jobs: tuple[JobId, ...]) -> list[float]:
    wanted = c.setup.primary
    scores = [c.jobs[j].measured for j in jobs]
    return [m.value for s in scores if s is not None for m in s.measurements if m.metric == wanted and not m.slice]


def _seed_sd(c: Campaign, jobs: tuple[JobId, ...]) -> float:
    """The spread of single runs, on the scale of relative improvement."""
    values = _values(c, jobs)
    scale = abs(fmean(values) - c.setup.primary.null_value)
    return stdev(values) / scale if len(values) > 1 and scale else 0.0
