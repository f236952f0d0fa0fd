"""Everything outside a campaign for one play: jobs that take the time they are expected to, and a judge that scores what the play's truth says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from math import exp, sqrt
from random import Random
from statistics import fmean

from rea.domain.action import ArmPair
from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE, Change
from rea.domain.event import Measured, PredictionsRefused
from rea.domain.evidence import Comparison, Measurement, Rows
from rea.domain.hypothesis import Hypothesis
from rea.domain.ids import JobId, digest
from rea.domain.job import Job, Launch
from rea.domain.lever import Lever, LeverType, Scalar
from rea.executor.backends.simulated import Run, SimulatedBackend
from rea.planner.screening import price
from rea.ports import Briefing, HypothesisSource, Point
from rea.rehearsal.truth import Truth

JITTER = 0.05  # of one run's cost
STEP = 0.25  # of a lever's range: how far the simulated search steps


@dataclass(slots=True)
class World:
    """One play. ``known`` is the campaign as it stands in reality: what it has measured stays so."""

    known: Campaign
    truth: Truth
    sources: tuple[HypothesisSource, ...]
    state: Callable[[], Campaign]
    clock: float
    jobs: dict[JobId, Job] = field(default_factory=dict)
    backend: SimulatedBackend = field(init=False)

    def __post_init__(self) -> None:
        self.backend = SimulatedBackend(outcome=self._outcome, now=lambda: self.clock)

    def launch(self, job: Job) -> Launch:
        """Remember the job (``Workspace``)."""
        self.jobs[job.id] = job
        return Launch(
            job=job.id,
            directory="",
            argv=(),
            cwd="",
            environment=(),
            time_limit_s=job.time_limit_s,
            silence_limit_s=job.time_limit_s,
        )

    def clean(self, job: JobId) -> None:
        """Nothing was made (``Workspace``)."""

    def propose(self, briefing: Briefing, count: int) -> Sequence[Hypothesis]:
        """Ask the sources of a further round, and draw what their ideas are worth (``HypothesisSource``)."""
        found = tuple(h for source in self.sources for h in source.propose(briefing, count))
        self.truth.suppose(found)
        return found

    def suggest(
        self, levers: Sequence[Lever], start: Mapping[str, Scalar], points: Sequence[Point], count: int, seed: int
    ) -> Sequence[Change]:
        """Step at random around the best (``Search``): cheaper than the real one, and no better."""
        dice = self._dice("search", seed, len(points))
        drawn = (
            Change(overrides=tuple((v.name, _stepped(v, start[v.name], dice)) for v in levers)) for _ in range(count)
        )
        return tuple(dict.fromkeys(drawn))

    def measure(self, jobs: Sequence[JobId]) -> Sequence[Measured | PredictionsRefused]:
        """Score jobs on the judge rows (``Judge``)."""
        return tuple(self._measured(self.jobs[job]) for job in jobs)

    def compare(self, pairs: Sequence[ArmPair], rows: Rows, guardrails: bool) -> Sequence[Comparison]:
        """Compare arms on the primary metric alone (``Judge``)."""
        return tuple(self._compared(pair, rows) for pair in pairs)

    def bound(self, rows: Rows) -> float | None:
        """Nobody knows (``Judge``)."""
        return None

    def _outcome(self, launch: Launch) -> Run:
        job, c = self.jobs[launch.job], self.state()
        error, n = c.cost_error, c.calibrated
        cost = n.cost_of(job.fidelity) if job.fidelity in dict(n.cost_ms) else n.cost_of(c.setup.fidelities[0].name)
        if job.resumes is not None and (below := c.setup.rung_below(job.fidelity)):
            cost -= n.cost_of(below.name)
        off = error.bias + error.between * self._dice("machine").gauss(0, 1)
        off += error.within * self._dice("dear", str(job.change)).gauss(0, 1) if job.change != BASELINE else 0.0
        off += JITTER * self._dice("run", job.id).gauss(0, 1)
        return Run(seconds=max(cost, 1) * price(c, job.change) * exp(off) / 1000 / c.setup.resources.devices)

    def _measured(self, job: Job) -> Measured:
        n, primary = self.known.calibrated, self.known.setup.primary
        sign = 1 if primary.larger_is_better else -1
        value = n.baseline + sign * abs(n.baseline - primary.null_value) * self._shown(job.id)
        told = Measurement(metric=primary, value=value, rows=1)
        return Measured(job=job.id, measurements=(told,), fingerprint=digest("rehearsal", job.id))

    def _shown(self, job: JobId) -> float:
        """Return what a job's own seed shows, as a relative improvement: what was measured where it really ran."""
        if job in self.jobs:
            mine = self.jobs[job]
            sd = dict(self.known.calibrated.seed_sd).get(mine.fidelity, 0.0)
            return self.truth.effect(mine.change) + self._dice("seed", job).gauss(0, sd)
        record, n, primary = self.known.jobs[job], self.known.calibrated, self.known.setup.primary
        told = record.measured.measurements if record.measured else ()
        value = next((m.value for m in told if m.metric == primary and not m.slice), n.baseline)
        improved = value - n.baseline if primary.larger_is_better else n.baseline - value
        return improved / (abs(n.baseline - primary.null_value) or 1.0)

    def _compared(self, pair: ArmPair, rows: Rows) -> Comparison:
        n, primary = self.known.calibrated, self.known.setup.primary
        own, base = [self._shown(j) for j in pair.jobs], [self._shown(j) for j in pair.baseline_jobs]
        row = self._dice("rows", pair.experiment, rows).gauss(0, n.row_sd)
        level, scale = fmean(base), abs(n.baseline - primary.null_value)
        effect, sign = fmean(own) - level + row, 1 if primary.larger_is_better else -1
        return Comparison(
            experiment=pair.experiment,
            baseline=pair.baseline,
            metric=primary,
            rows=rows,
            effect=effect,
            row_variance=n.row_sd**2,
            seeds=tuple(x - level + row for x in own),
            baseline_seeds=tuple(x - level for x in base),
            row_count=1,
            value=n.baseline + sign * scale * effect,
            baseline_value=n.baseline,
            value_variance=(scale * n.row_sd / sqrt(2)) ** 2,
            jobs=pair.jobs,
            baseline_jobs=pair.baseline_jobs,
        )

    def _dice(self, *parts: object) -> Random:
        return Random(sha256(repr((self.truth.seed, *parts)).encode()).digest())  # noqa: S311 a simulation


def _stepped(lever: Lever, value: Scalar, dice: Random) -> Scalar:
    low, high = lever.low or 0.0, lever.high if lever.high is not None else float(value)
    if lever.log and low > 0 and float(value) > 0:
        moved = float(value) * (high / low) ** (STEP * dice.gauss(0, 0.5))
    else:
        moved = float(value) + STEP * (high - low) * dice.gauss(0, 0.5)
    inside: float = min(high, max(low, moved))
    return round(inside) if lever.type is LeverType.INT else inside
