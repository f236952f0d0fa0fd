"""This project as a contender: its own campaign, every port but the trainings as in real life, on recorded or real trainings in virtual time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, variance

from benchmarks.planner.cells import Cell, Value
from benchmarks.planner.levers import RUN_S, workload
from benchmarks.planner.purse import RUNS, unit_s
from benchmarks.planner.records import Records
from benchmarks.planner.trainer import BLOCKS, THIRD, WHOLE, Trained
from rea.app import runbook
from rea.campaign.advance import advance
from rea.campaign.recall import Recall
from rea.domain.action import ArmPair
from rea.domain.campaign import Campaign
from rea.domain.errors import StaleDecision
from rea.domain.event import (
    CampaignOpened,
    ChecklistRecorded,
    ChecklistSigned,
    Measured,
    PlanApproved,
    PredictionsRefused,
    Resumed,
)
from rea.domain.evidence import Comparison, Measurement, Rows
from rea.domain.experiment import Phase
from rea.domain.ids import CampaignId, Digest, JobId, digest
from rea.domain.job import Job, JobState, Launch
from rea.domain.plan import Policy
from rea.domain.runbook import RunbookEntry
from rea.executor.backends.simulated import Run, SimulatedBackend
from rea.knowledge.techniques.catalogue import load as techniques
from rea.planner.cost import reserve_ms
from rea.planner.phases.confirmation import finalists
from rea.planner.search.optuna_search import OptunaSearch
from rea.planner.sources.history.source import HistorySource
from rea.planner.sources.research.source import ResearchSource
from rea.ports import Insights, Ports
from rea.testing.memory import MemoryInsights, MemoryJournal
from rea.testing.simulation import SimulatedWorkspace, approval, checklist_of

NAME = CampaignId("bench")
AT_FIRST_S = 40 * RUN_S  # set aside for Confirmation until it is known what that takes
AT = "2026-01-01T00:00:00+00:00"


@dataclass(slots=True)
class Bench:
    """The world of one campaign of the benchmark."""

    records: Records
    cell: Cell
    level: str
    seed: int
    insights: Insights = field(default_factory=MemoryInsights)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    clock: float = 0.0
    jobs: dict[JobId, Job] = field(default_factory=dict)
    trace: list[tuple[float, dict[str, Value]]] = field(default_factory=lambda: [(0.0, {})])
    unit: float = 0.0
    backend: SimulatedBackend = field(init=False)
    recall: Recall = field(init=False)

    def __post_init__(self) -> None:
        self.unit = unit_s(self.records, self.cell)
        self.recall = Recall(campaign=NAME, journal=self.journal)
        self.backend = SimulatedBackend(outcome=self._outcome, now=lambda: self.clock)

    @property
    def state(self) -> Campaign:
        return self.recall.now()

    def run(self) -> None:
        """Run the campaign up to its Confirmation, approving its plan and looking at what seems too good, as an engineer would."""
        self._open(self._set_aside_ms())
        for c in self._looks():
            self._note(c)

    def _looks(self) -> Iterator[Campaign]:
        entries, bound_to = runbook()
        ports = self._ports(entries)
        while True:
            self._wake(ports, bound_to)
            c = self.state
            yield c
            if c.ended or c.phase(1, Phase.CONFIRMATION) is not None:
                return
            if c.paused:
                self.journal.append(NAME, (Resumed(by="bench", command=f"resume:{self.recall.length}"),))
            elif c.plan is not None and not c.approved:
                self.journal.append(NAME, (PlanApproved(approval=approval(c.plan.digest, c.plan.budget_ms)),))
            elif not self._pass_time():
                raise RuntimeError(f"{self.cell.name}: the campaign stands still")

    def _set_aside_ms(self) -> int:
        """Return what such a campaign keeps for its Confirmation once its calibration has shown what a training costs.

        The benchmark does that part itself, for every contender alike, so it comes on top of what all may spend.
        """
        scout = Bench(records=self.records, cell=self.cell, level=self.level, seed=self.seed)
        scout._open(round(AT_FIRST_S * 1000))
        return reserve_ms(next(c for c in scout._looks() if c.noise is not None))

    def trained(self, job: Job) -> Trained:
        """Return the training behind a job; both fidelities of one replicate are points of the same one."""
        overrides = {**dict(job.change.overrides), **dict(job.adjustment.overrides)}
        return self.records.train(self.cell, overrides, job.seed % 2**31, rung_of(job))

    def _note(self, c: Campaign) -> None:
        worth = finalists(c) if c.noise is not None else []
        best: dict[str, Value] = dict(worth[0].change.overrides) if worth else {}
        spent = c.ledger.spent / 1000 / RUN_S
        if best != self.trace[-1][1] and spent <= RUNS[self.level]:
            self.trace.append((spent, best))

    def _wake(self, ports: Ports, bound_to: Digest) -> None:
        while True:
            try:
                if advance(NAME, ports, bound_to, self.recall) is not None:
                    return
            except StaleDecision:
                continue
            if self.state.phase(1, Phase.CONFIRMATION) is not None:
                return

    def _pass_time(self) -> bool:
        end = self.backend.next_end()
        self.clock = self.clock if end is None else end
        return end is not None

    def _outcome(self, launch: Launch) -> Run:
        job = self.jobs[launch.job]
        done, rung = self.trained(job), rung_of(job)
        # timed apart: a training that stops early may have cost less as a whole
        before = done.cost(THIRD) if job.resumes else 0.0
        seconds = self._virtual(max(0.0, done.cost(rung) - before))
        if done.fails(rung):
            return Run(seconds=seconds, state=JobState.FAILED, reason="exit 3", log=done.failed)
        return Run(seconds=seconds)

    def _virtual(self, seconds: float) -> float:
        return seconds / self.unit * RUN_S

    def _open(self, set_aside_ms: int) -> None:
        budget = round(RUNS[self.level] * RUN_S * 1000) + set_aside_ms
        opened = CampaignOpened(
            campaign=NAME,
            question="lower the normalized entropy",
            workload=workload(self.cell, self.level),
            repository="/bench",
            commit="0" * 40,
            policy=Policy(seed=self.seed, confirmation_share=1.0),
            budget_ms=budget,
            at=AT,
        )
        checklist = checklist_of(opened, self.cell.data)
        signed = ChecklistSigned(approval=approval(checklist.digest, checklist.allowance_ms))
        self.journal.append(NAME, (opened, ChecklistRecorded(checklist=checklist), signed))

    def _ports(self, entries: tuple[RunbookEntry, ...]) -> Ports:
        known = techniques()
        return Ports(
            journal=self.journal,
            backend=self.backend,
            sources=(HistorySource(self.insights, known), ResearchSource(known, self.insights)),
            insights=self.insights,
            judge=_Judge(self),
            workspace=SimulatedWorkspace(self.jobs),
            search=OptunaSearch(),
            openings=self.journal,
            standings=self.journal,
            notify=lambda kind, text: None,
            now=lambda: self.clock,
            runbook=entries,
            directory=Path("/nonexistent"),
        )


def rung_of(job: Job) -> int:
    """Return how far a job trains."""
    return THIRD if job.fidelity == "third" else WHOLE


@dataclass(frozen=True, slots=True)
class _Judge:
    """Compares as the real judge does: means over seeds, and the noise of rows from blocks of them."""

    bench: Bench

    def measure(self, jobs: Sequence[JobId]) -> Sequence[Measured | PredictionsRefused]:
        return tuple(
            Measured(
                job=job,
                measurements=(Measurement(metric="ne", value=self._value(job), rows=15_000),),
                fingerprint=digest(str(self._trained(job).curve), job),
            )
            for job in jobs
        )

    def compare(self, pairs: Sequence[ArmPair], rows: Rows, guardrails: bool) -> Sequence[Comparison]:
        return tuple(self._compare(pair, rows) for pair in pairs)

    def bound(self, rows: Rows) -> float | None:
        return None

    def _trained(self, job: JobId) -> Trained:
        return self.bench.trained(self.bench.jobs[job])

    def _value(self, job: JobId) -> float:
        return self._trained(job).curve[rung_of(self.bench.jobs[job])]

    def _compare(self, pair: ArmPair, rows: Rows) -> Comparison:
        own, base = [[self._value(j) for j in jobs] for jobs in (pair.jobs, pair.baseline_jobs)]
        level = fmean(base)
        return Comparison(
            experiment=pair.experiment,
            baseline=pair.baseline,
            metric="ne",
            rows=rows,
            effect=(level - fmean(own)) / level,
            row_variance=self._row_variance(pair) / level**2,
            seeds=tuple((level - x) / level for x in own),
            baseline_seeds=tuple((level - x) / level for x in base),
            row_count=15_000,
            value=fmean(own),
            baseline_value=level,
            value_variance=variance(self._blocks(pair.jobs)) / BLOCKS,
            jobs=pair.jobs,
            baseline_jobs=pair.baseline_jobs,
        )

    def _row_variance(self, pair: ArmPair) -> float:
        apart = [a - b for a, b in zip(self._blocks(pair.baseline_jobs), self._blocks(pair.jobs), strict=True)]
        return variance(apart) / BLOCKS

    def _blocks(self, jobs: Sequence[JobId]) -> list[float]:
        blocks = (self._trained(j).blocks_at(rung_of(self.bench.jobs[j])) for j in jobs)
        return [fmean(column) for column in zip(*blocks, strict=True)]


def campaign(
    records: Records, cell: Cell, level: str, seed: int, insights: Insights | None = None
) -> list[tuple[float, Mapping[str, Value]]]:
    """Return the trace of one campaign: (default trainings spent, what would be handed over)."""
    bench = Bench(records=records, cell=cell, level=level, seed=seed, insights=insights or MemoryInsights())
    bench.run()
    return list(bench.trace)
