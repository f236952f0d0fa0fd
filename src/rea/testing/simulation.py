"""A whole campaign on a simulated cluster with a known truth: what each lever is worth, and how noisy a training is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from math import prod
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Protocol

from rea.campaign.advance import advance
from rea.campaign.evolve import replay
from rea.campaign.recall import Recall
from rea.domain.action import ArmPair, Wake
from rea.domain.campaign import NO_CAMPAIGN, Campaign
from rea.domain.change import Change
from rea.domain.errors import StaleDecision
from rea.domain.event import (
    CampaignOpened,
    ChecklistRecorded,
    ChecklistSigned,
    Measured,
    PlanApproved,
    PredictionsRefused,
)
from rea.domain.evidence import Comparison, Measurement, Rows
from rea.domain.hypothesis import Effect, Hypothesis, Move, Operation, SourceName, hypothesis_id
from rea.domain.ids import CampaignId, Digest, JobId, digest
from rea.domain.insight import Insight
from rea.domain.job import Job, Launch
from rea.domain.lever import Lever, LeverType, Role, Scalar
from rea.domain.plan import NO_CALLS, Approval, Checklist, Envelope, Policy
from rea.domain.runbook import RunbookEntry
from rea.domain.workload import SMOKE, Command, Data, Fidelity, MetricName, Resources, Workload
from rea.executor.backends.simulated import Run, SimulatedBackend
from rea.ports import Briefing, HypothesisSource, Insights, Journal, LogReader, Openings, Point, Ports, Standings
from rea.testing.fuse import Fuse
from rea.testing.memory import MemoryInsights, MemoryJournal

CAMPAIGN = CampaignId("simulated")
BASELINE_NE = 0.8
JUDGED_ROWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Relative improvement of each lever when switched on (they add up), the noise between seeds, and that between rows."""

    effects: Mapping[str, float]
    seed_sd: float = 0.002
    row_sd: float = 0.001
    interaction: float = 0.0  # added once for every pair of levers that is on
    run_s: float = 60.0
    times: Mapping[str, float] = field(
        default_factory=dict
    )  # how many times longer a run takes with a lever on; they multiply

    def dearness(self, change: Change) -> float:
        return prod(self.times.get(name, 1.0) for name, value in change.overrides if value)

    def effect(self, change: Change) -> float:
        on = [n for n, v in change.overrides if v]
        return sum(self.effects.get(n, 0.0) for n in on) + self.interaction * len(on) * (len(on) - 1) / 2


def workload(levers: Sequence[str], rungs: bool = True, time_limit_s: int = 600) -> Workload:
    """Return a workload with one switch for each name, and a cheap resumable rung where asked."""
    third = Fidelity(name="third", share=0.33, overrides=(), resumable=True)
    return Workload(
        name="simulated",
        command=Command(argv=("train",), checkpoint="checkpoint"),
        data=Data(path="log.parquet", label="click"),
        primary=MetricName.NE,
        levers=tuple(_switch(name) for name in levers),
        fidelities=(third, Fidelity(name="full")) if rungs else (Fidelity(name="full"),),
        resources=Resources(time_limit_s=time_limit_s),
    )


def _switch(name: str) -> Lever:
    return Lever(name=name, type=LeverType.FLOAT, role=Role.OTHER, default=0.0, low=0.0, high=2.0)


class Log(Journal, Openings, Standings, Protocol):
    """A journal that counts openings and keeps what entries were right about, too: in memory, or a database."""


@dataclass(slots=True, kw_only=True)
class World:
    """Everything outside a campaign, in memory, on virtual time. Each touch of it passes the fuse."""

    truth: Truth
    budget_s: float = 12_000.0
    policy: Policy = field(default_factory=lambda: Policy(seed=7, calibration_seeds=4))
    fuse: Fuse = field(default_factory=Fuse)
    rungs: bool = True
    failing: Callable[[Job], Run | None] = lambda _: None
    journal: Log = field(default_factory=MemoryJournal)
    clock: float = 0.0
    backend: SimulatedBackend = field(init=False)
    jobs: dict[JobId, Job] = field(default_factory=dict)
    learnt: MemoryInsights = field(default_factory=MemoryInsights)
    told: list[str] = field(default_factory=list)
    directory: Path = Path("/nonexistent")  # where a STOP file would lie
    runbook: tuple[RunbookEntry, ...] = ()
    reader: LogReader | None = None
    calls: Envelope = NO_CALLS  # what may be asked of a language model
    minds: tuple[HypothesisSource, ...] = ()  # further sources: those that ask one
    name: CampaignId = CAMPAIGN
    elsewhere: Callable[[int], int] = lambda slots: 0  # slots that others of the portfolio hold

    def __post_init__(self) -> None:
        self.backend = SimulatedBackend(outcome=self._outcome, now=lambda: self.clock)

    @property
    def ports(self) -> Ports:
        return Ports(
            journal=Touching(self.journal, "journal", self.fuse),
            backend=Touching(self.backend, "backend", self.fuse),
            sources=tuple(Touching(source, "source", self.fuse) for source in (_Switches(self), *self.minds)),
            insights=Touching(self.knowledge, "insights", self.fuse),
            judge=Touching(_Judge(self), "judge", self.fuse),
            workspace=Touching(SimulatedWorkspace(self.jobs), "workspace", self.fuse),
            search=Touching(_Search(), "search", self.fuse),
            openings=Touching(self.journal, "openings", self.fuse),
            standings=Touching(self.journal, "standings", self.fuse),
            notify=self._tell,
            now=lambda: self.clock,
            runbook=self.runbook,
            elsewhere=self.elsewhere,
            reader=self.reader and Touching(self.reader, "reader", self.fuse),
            directory=self.directory,
        )

    @property
    def knowledge(self) -> Insights:
        """What is learnt is kept here."""
        return self.learnt

    @property
    def kept(self) -> Mapping[Digest, Insight]:
        """What was learnt, by its name."""
        return self.learnt.kept

    def _tell(self, kind: str, _: str) -> None:
        self.fuse.touch("notify:before")
        self.told.append(kind)
        self.fuse.touch("notify:after")

    @property
    def state(self) -> Campaign:
        return replay(r.event for r in self.journal.read(self.name))

    @property
    def described(self) -> Workload:
        """The workload that a campaign is opened on."""
        return workload(list(self.truth.effects), self.rungs, round(10 * self.truth.run_s))

    def open(self) -> None:
        """Open the campaign and sign its checklist, as an engineer does with ``rea start``."""
        checklist = self.check()
        signed = approval(checklist.digest, checklist.allowance_ms, checklist.calls.first)
        self.journal.append(self.name, (ChecklistSigned(approval=signed),))

    def check(self, portfolio: CampaignId = NO_CAMPAIGN) -> Checklist:
        """Open the campaign, as a member of a portfolio where one is named, and record its checklist."""
        opened = CampaignOpened(
            campaign=self.name,
            question="lower the normalized entropy",
            workload=self.described,
            repository="/repository",
            commit="0" * 40,
            policy=self.policy,
            budget_ms=round(self.budget_s * 1000),
            at="2026-01-01T00:00:00+00:00",
            calls=self.calls,
            portfolio=portfolio,
        )
        checklist = checklist_of(opened)
        if portfolio:  # each member has data of its own, whose test rows are counted apart
            checklist = replace(checklist, test_rows=Digest(f"test rows of {self.name}"))
        self.journal.append(self.name, (opened, ChecklistRecorded(checklist=checklist)))
        return checklist

    def memory(self) -> Recall:
        """Return a memory of the journal: what is read once is not read again."""
        return Recall(campaign=self.name, journal=self.ports.journal)

    def approve(self, memory: Recall | None = None) -> None:
        """Approve the plan in force."""
        state = memory.now() if memory else self.state
        plan = state.plan
        if plan is not None and not state.approved:
            self.journal.append(self.name, (PlanApproved(approval=approval(plan.digest, plan.budget_ms, plan.calls)),))

    def wake(self, memory: Recall | None = None) -> Wake:
        """Advance until there is nothing to do at once."""
        memory, world = memory or self.memory(), self.ports
        while True:
            try:
                wake = advance(self.name, world, Digest("runbook"), memory)
            except StaleDecision:
                continue
            if wake is not None:
                return wake

    def pass_time(self) -> bool:
        """Let virtual time go on to the next end of a job; False when nothing runs."""
        end = self.backend.next_end()
        if end is not None:
            self.clock = end
        return end is not None

    def run(self, wakes: int = 5000) -> Campaign:
        """Run the campaign to its end, approving its plan, and return what it came to."""
        self.open()
        memory = self.memory()
        for _ in range(wakes):
            self.wake(memory)
            if memory.now().ended:
                break
            self.approve(memory)
            if not self.pass_time() and memory.now().paused:
                break
        return self.state

    def _outcome(self, launch: Launch) -> Run:
        job = self.jobs[launch.job]
        share = {"full": 1.0, SMOKE: 0.02}.get(job.fidelity, 0.33)
        share -= 0.33 if job.resumes else 0.0
        seconds = self.truth.run_s * share * self.truth.dearness(job.change)
        return self.failing(job) or Run(seconds=seconds * (0.9 + 0.2 * draw(job.seed, job.fidelity).random()))

    def score(self, job: Job, rows: Rows) -> float:
        """Return the NE that a job's predictions have: the truth, the noise of its seed, and that of the rows for its change."""
        seed_noise = draw(job.seed, "seed").gauss(0, self.truth.seed_sd)
        row_noise = draw(str(job.change), rows).gauss(0, self.truth.row_sd)
        return BASELINE_NE * (1 - self.truth.effect(job.change) - seed_noise - row_noise)


def draw(*parts: object) -> Random:
    """Return a generator that is the same whenever the parts are."""
    return Random(sha256(repr(parts).encode()).digest())  # noqa: S311 a simulation


class Touching:
    """Wraps a port so that each call touches the fuse before and after: killed before it acted, or before we knew."""

    def __init__(self, port: object, name: str, fuse: Fuse) -> None:
        self._port, self._name, self._fuse = port, name, fuse

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        method = getattr(self._port, name)

        def touched(*args: object, **kwargs: object) -> object:
            self._fuse.touch(f"{self._name}.{name}:before")
            answer = method(*args, **kwargs)
            self._fuse.touch(f"{self._name}.{name}:after")
            return answer

        return touched


@dataclass(frozen=True, slots=True)
class SimulatedWorkspace:
    """Makes nothing, and remembers each job under its name."""

    jobs: dict[JobId, Job]

    def launch(self, job: Job) -> Launch:
        self.jobs[job.id] = job
        return Launch(
            job=job.id,
            directory=f"/jobs/{job.id}",
            argv=("train",),
            cwd="/",
            environment=(),
            time_limit_s=job.time_limit_s,
            silence_limit_s=60,
        )

    def clean(self, job: JobId) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Judge:
    world: World

    def measure(self, jobs: Sequence[JobId]) -> Sequence[Measured | PredictionsRefused]:
        return tuple(self._measured(self.world.jobs[j]) for j in jobs)

    def _measured(self, job: Job) -> Measured:
        value = Measurement(metric="ne", value=self.world.score(job, Rows.JUDGE), rows=JUDGED_ROWS)
        return Measured(job=job.id, measurements=(value,), fingerprint=digest(job.id))

    def compare(self, pairs: Sequence[ArmPair], rows: Rows, guardrails: bool) -> Sequence[Comparison]:
        return tuple(self._compare(pair, rows) for pair in pairs)

    def bound(self, rows: Rows) -> float | None:
        return None

    def _compare(self, pair: ArmPair, rows: Rows) -> Comparison:
        own = [self.world.score(self.world.jobs[j], rows) for j in pair.jobs]
        base = [self.world.score(self.world.jobs[j], rows) for j in pair.baseline_jobs]
        level = fmean(base)
        return Comparison(
            experiment=pair.experiment,
            baseline=pair.baseline,
            metric="ne",
            rows=rows,
            effect=(level - fmean(own)) / level,
            row_variance=2 * self.world.truth.row_sd**2,
            seeds=tuple((level - x) / level for x in own),
            baseline_seeds=tuple((level - x) / level for x in base),
            row_count=JUDGED_ROWS,
            value=fmean(own),
            baseline_value=level,
            value_variance=(BASELINE_NE * self.world.truth.row_sd) ** 2,
            jobs=pair.jobs,
            baseline_jobs=pair.baseline_jobs,
        )


@dataclass(frozen=True, slots=True)
class _Switches:
    """Proposes to switch on each lever by itself."""

    world: World

    def propose(self, briefing: Briefing, count: int) -> Sequence[Hypothesis]:
        offers = [_hypothesis(name) for name in self.world.truth.effects]
        return tuple(h for h in offers if h.id not in briefing.taken)[:count]


def _hypothesis(name: str) -> Hypothesis:
    change = Change(overrides=((name, 1.0),))
    return Hypothesis(
        id=hypothesis_id(change),
        statement=f"switching on {name} helps",
        rationale="simulated",
        change=change,
        moves=(Move(role=Role.OTHER, operation=Operation.SET, operand=1.0),),
        source=SourceName.RESEARCH,
        predicted=Effect(value=0.002, low=-0.004, high=0.008),
        falsifier="no improvement",
        technique=name,
    )


class _Search:
    """Suggests half and double of what is on, in a fixed order."""

    def suggest(
        self, levers: Sequence[Lever], start: Mapping[str, Scalar], points: Sequence[Point], count: int, seed: int
    ) -> Sequence[Change]:
        tried = {Change(overrides=tuple(start.items())), *(p.change for p in points)}
        grid = [
            Change(overrides=(*((n, v) for n, v in start.items() if n != x.name), (x.name, s)))
            for x in levers
            for s in (0.5, 1.5)
        ]
        return tuple(c for c in grid if c not in tried)[:count]


def checklist_of(opened: CampaignOpened, data: str = "data") -> Checklist:
    """Return a checklist that passes, for a signature that grants half of the budget."""
    return Checklist(
        checks=(),
        commit=opened.commit,
        workload=digest(opened.workload),
        data=Digest(data),
        test_rows=Digest("test"),
        judge=Digest("judge"),
        seal="handed_over",
        allowance_ms=opened.budget_ms // 2,
        budget_ms=opened.budget_ms,
        smoke_ms=1000,
        calls=opened.calls,
    )


def approval(subject: Digest, granted_ms: int, calls: Envelope = NO_CALLS) -> Approval:
    """Return what an engineer's approval of exactly these bytes records."""
    at = "2026-01-01T00:00:00+00:00"
    return Approval(subject=subject, by="an engineer", at=at, granted_ms=granted_ms, calls=calls)
