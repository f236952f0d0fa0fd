"""Plays a campaign from where it stands to its end, many times, and says what came of it. Nothing of it is recorded anywhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from statistics import median

from rea.campaign.advance import advance
from rea.campaign.recall import Recall
from rea.domain.campaign import NO_DIGEST, Campaign
from rea.domain.errors import StaleDecision, UsageError
from rea.domain.event import CampaignOpened, JobEnded, JobReserved, PlanApproved, Recorded, Resumed
from rea.domain.experiment import Phase
from rea.domain.hypothesis import Effect
from rea.domain.ids import Digest
from rea.domain.plan import Approval
from rea.domain.proposal import Outcome
from rea.domain.runbook import RunbookEntry
from rea.ports import HypothesisSource, Ports
from rea.rehearsal.truth import imagine
from rea.rehearsal.world import World
from rea.store.memory import MemoryInsights, MemoryJournal

WHO = "dry run"
MOST_WAKES = 5000
MOST_RESUMES = 3  # a person who is asked looks, and goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a phase took in one play: jobs and device-milliseconds."""

    phase: Phase
    jobs: int
    cost_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One play. ``gain`` is the true improvement of what was proposed for launch, 0 where nothing was; ``claimed`` what Confirmation measured."""

    found: bool
    gain: float
    claimed: float
    spent_ms: int
    wall_s: float
    asked: int  # how often a person had to look
    ended: bool
    phases: tuple[Spent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What came of all plays: improvements relative, 80 % intervals around the median, times in seconds of virtual wall time from now on."""

    plays: int
    gain: Effect
    nothing: float  # the share in which nothing was found
    worse: float  # the share of what was found that is no improvement in truth
    asked: float  # the share in which a person had to look at something
    unfinished: int
    spent_ms: Effect
    wall_s: Effect
    phases: tuple[tuple[Phase, Effect, Effect], ...]  # jobs, device-milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a play starts from: the journal so far, and the parts of reality that it keeps."""

    recorded: Sequence[Recorded]
    runbook: tuple[RunbookEntry, ...] = ()
    runbook_digest: Digest = NO_DIGEST
    sources: tuple[HypothesisSource, ...] = ()
    openings: int = 0


def rehearse(stage: Stage, plays: int, tell: Callable[[int], bool] = lambda done: True) -> Rehearsed:
    """Play ``plays`` times, or until ``tell``, which is given how many are done, says that it is enough.

    Raises:
        UsageError: the campaign is not calibrated yet, or over.
    """
    done: list[Play] = []
    while len(done) < plays:
        done.append(play(stage, len(done)))
        if not tell(len(done)):
            break
    return summary(done)


def play(stage: Stage, number: int) -> Play:
    """Play the campaign once; the same ``number`` is the same play."""
    first = stage.recorded[0].event
    assert isinstance(first, CampaignOpened)
    journal = _journal(stage, first)
    memory = Recall(campaign=first.campaign, journal=journal)
    known = Recall(campaign=first.campaign, journal=journal).now()
    if known.noise is None or known.plan is None or known.ended:
        raise UsageError("there is nothing to play: a plan has to be drafted, and the campaign not over", "rea status")
    started = datetime.fromisoformat(stage.recorded[-1].at).timestamp()
    world = World(known, imagine(known, number), stage.sources, memory.now, started)
    ports, asked = _ports(world, journal, stage), 0
    for _ in range(MOST_WAKES):
        _wake(memory, ports, stage.runbook_digest)
        c = memory.now()
        if c.ended:
            break
        if c.paused and asked < MOST_RESUMES:
            asked += 1
            journal.append(c.id, (Resumed(by=WHO, command=f"{WHO} {asked}"),))
        elif c.plan is not None and not c.approved:
            granted = Approval(subject=c.plan_digest, by=WHO, at=stage.recorded[-1].at, granted_ms=c.plan.budget_ms)
            journal.append(c.id, (PlanApproved(approval=granted),))
        elif (end := world.backend.next_end()) is not None:
            world.clock = end
        else:
            break
    return _told(memory.now(), known, world, asked, (world.clock - started) * waiting(stage.recorded))


def _journal(stage: Stage, first: CampaignOpened) -> MemoryJournal:
    """Return a copy of the journal without guardrails, of which a play knows nothing."""
    plain = replace(first, workload=replace(first.workload, guardrails=()))
    rows = next((r.event.checklist.test_rows for r in stage.recorded if hasattr(r.event, "checklist")), Digest(""))
    journal = MemoryJournal(now=stage.recorded[-1].at, opened={rows: stage.openings})
    journal.append(first.campaign, (plain, *(r.event for r in stage.recorded[1:])))
    return journal


def _ports(world: World, journal: MemoryJournal, stage: Stage) -> Ports:
    return Ports(
        journal=journal,
        backend=world.backend,
        sources=(world,),
        insights=MemoryInsights(),
        judge=world,
        workspace=world,
        search=world,
        openings=journal,
        standings=journal,
        notify=lambda kind, text: None,
        now=lambda: world.clock,
        runbook=stage.runbook,
        directory=Path("/nonexistent"),
    )


def _wake(memory: Recall, ports: Ports, runbook: Digest) -> None:
    while True:
        try:
            if advance(memory.campaign, ports, runbook, memory) is not None:
                return
        except StaleDecision:
            continue


def waiting(recorded: Sequence[Recorded]) -> float:
    """Return how many times a job's own time passed, so far, from its reservation to its recorded end; 1 where none ended."""
    began = {r.event.job.id: _time(r.at) for r in recorded if isinstance(r.event, JobReserved)}
    ends = [(r.at, r.event) for r in recorded if isinstance(r.event, JobEnded) and r.event.job in began]
    ratios = [(_time(at) - began[end.job]) / end.status.seconds for at, end in ends if end.status.seconds > 0]
    return max(1.0, median(ratios)) if ratios else 1.0


def _time(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def _told(c: Campaign, known: Campaign, world: World, asked: int, wall_s: float) -> Play:
    p = c.proposal
    found = p is not None and p.outcome in (Outcome.WINNER, Outcome.NEEDS_A_PERSON) and p.finding is not None
    jobs = [r for job, r in c.jobs.items() if job not in known.jobs]
    spent = [
        Spent(phase=x, jobs=len(mine), cost_ms=sum(r.cost_ms for r in mine))
        for x in Phase
        if (mine := [r for r in jobs if r.job.phase is x]) or x is not Phase.CALIBRATION
    ]
    return Play(
        found=found,
        gain=world.truth.effect(p.change) if found and p else 0.0,
        claimed=p.finding.effect.value if found and p and p.finding else 0.0,
        spent_ms=sum(s.cost_ms for s in spent),
        wall_s=wall_s,
        asked=asked,
        ended=c.ended,
        phases=tuple(spent),
    )


def summary(plays: Sequence[Play]) -> Rehearsed:
    """Return what came of all plays."""
    found, names = (
        [p for p in plays if p.found],
        [p for p in Phase if any(s.phase is p for x in plays for s in x.phases)],
    )
    return Rehearsed(
        plays=len(plays),
        gain=_interval([p.gain for p in plays]),
        nothing=1 - len(found) / len(plays),
        worse=sum(p.gain <= 0 for p in found) / len(found) if found else 0.0,
        asked=sum(p.asked > 0 for p in plays) / len(plays),
        unfinished=sum(not p.ended for p in plays),
        spent_ms=_interval([p.spent_ms for p in plays]),
        wall_s=_interval([p.wall_s for p in plays]),
        phases=tuple((x, *(_interval(v) for v in zip(*(_of(p, x) for p in plays), strict=True))) for x in names),  # type: ignore[misc]
    )


def _of(play: Play, phase: Phase) -> tuple[float, float]:
    mine = next((s for s in play.phases if s.phase is phase), None)
    return (mine.jobs, mine.cost_ms) if mine else (0.0, 0.0)


def _interval(values: Sequence[float]) -> Effect:
    """Return median and 80 % interval, its ends placed so that another play falls between them with that chance, however few there are."""
    import numpy as np

    low, middle, high = np.quantile(np.array(values, dtype=float), (0.1, 0.5, 0.9), method="weibull")
    return Effect(value=float(middle), low=float(low), high=float(high))
