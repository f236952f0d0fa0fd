"""One seed, one whole campaign on virtual time: what is drawn from the seed, how the campaign is lived through, and what a checker apart says of it.

Everything is in one process: cluster, clock, dice, people and journal. The same seed gives the same campaign again, byte for byte.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from audit import Audit
from audit_stores import audit_history

from rea.campaign.recall import Recall
from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE
from rea.domain.errors import BackendUnreachable, OverBudget
from rea.domain.job import Job, JobState, Launch
from rea.domain.plan import Policy
from rea.executor.backends.simulated import Run, SimulatedBackend
from rea.knowledge.runbook.load import load
from rea.store import codec
from rea.testing.fuse import Fuse, Killed
from rea.testing.simulation import CAMPAIGN, Truth, World, approval

MEDDLER = "ann"
MOST_LOOKS, MOST_TOUCHES = 4000, 1_000_000
MOST_RESUMED = 3  # what a person puts up with
DAY_S = 86_400.0
NODES = ("n1", "n2", "n3", "n4")
RUNBOOK = load()
LOGS = ("RuntimeError: CUDA out of memory", "ValueError: odd", "Loss is NaN", "OSError: [Errno 28] No space left", "")
UNFINISHED = ("did not conclude", "never judged", "never ended", "still held")


class Endless(Exception):
    """The agent touches the world again and again and comes to nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a seed makes of a campaign. ``run_s`` is a training's length, ``trainings`` what the budget pays for; the others are shares."""

    effects: tuple[tuple[str, float], ...]
    run_s: float
    trainings: float
    slots: int
    rungs: bool
    lemon: bool  # a node that fails what comes its way
    rivals: int  # agents that wake for it, each with a memory of its own
    dies: float  # of the touches of the world
    away: float  # of the wakes
    unheard: float  # of the submissions: done, and the answer is lost
    fails: float
    lost: float
    late: float  # of the wakes: more than one job has ended
    slow: float  # of the looks at which nobody comes to approve
    meddles: float  # of the looks at which a person pauses or steers


@dataclass(slots=True)
class Found:
    """What came of one seed, or of many."""

    wrong: list[str] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    days: float = 0.0
    deaths: int = 0
    rests: int = 0

    def add(self, other: "Found") -> None:
        self.wrong += other.wrong
        self.events += other.events
        self.days, self.deaths, self.rests = (
            self.days + other.days,
            self.deaths + other.deaths,
            self.rests + other.rests,
        )


def drawn(dice: Random) -> Drawn:
    names = "abcdef"[: dice.randint(1, 5)]
    return Drawn(
        effects=tuple((name, round(dice.gauss(0.0, 0.02), 4)) for name in names),
        run_s=dice.choice((60.0, 3600.0, 6 * 3600.0, 2 * DAY_S)),
        trainings=dice.choice((12, 27, 27, 27, 40, 40, 40, 40, 100, 330)),
        slots=dice.randint(1, 4),
        rungs=dice.random() < 0.6,
        lemon=dice.random() < 0.2,
        rivals=dice.choice((1, 1, 2)),
        dies=dice.choice((0.0, 0.002, 0.01)),
        away=dice.choice((0.0, 0.0, 0.3)),
        unheard=dice.choice((0.0, 0.0, 0.2)),
        fails=dice.choice((0.0, 0.05, 0.3)),
        lost=dice.choice((0.0, 0.1)),
        late=dice.choice((0.0, 0.3)),
        slow=dice.choice((0.0, 0.0, 0.8)),
        meddles=dice.choice((0.0, 0.0, 0.03, 0.1)),
    )


@dataclass(slots=True, kw_only=True)
class Witnessed(SimulatedBackend):
    """Launches whatever it is told to, as often as it is told, and writes down what. ``when`` orders that among the journal's appends."""

    when: Callable[[], int]
    unheard: Callable[[], bool]
    told: list[dict[str, Any]] = field(default_factory=list)

    def submit(self, launch: Launch) -> str:
        handle = SimulatedBackend.submit(self, launch)
        seconds = self.started[launch.job][1].seconds
        self.told.append({"launch": str(launch.job), "at": self.now(), "seconds": seconds, "wall": self.when()})
        if self.unheard():
            raise BackendUnreachable("the answer was lost", "nothing is lost; wait")
        return handle


def live(seed: int) -> Found:
    """Live through one campaign, and have it judged. Whatever it dies of is a finding, with its seed."""
    told = drawn(Random(seed))
    try:
        found = Life(seed, told).through()
    except Exception as error:  # noqa: BLE001
        found = Found(wrong=[f"{type(error).__name__}: {error}"])
    found.wrong = [f"seed {seed}: {word}; {told}" for word in found.wrong]
    return found


class Life:
    """One campaign and everybody around it."""

    def __init__(self, seed: int, told: Drawn) -> None:
        self.seed, self.told, self.dice, self.found = seed, told, Random(f"life {seed}"), Found()
        self.fuse, self.commands, self.resumed = Fuse(self.burns), 0, 0
        self.world = self.made()
        self.memories: list[Recall] = []

    def made(self) -> World:
        told = self.told
        world = World(
            truth=Truth(effects=dict(told.effects), run_s=told.run_s),
            budget_s=told.trainings * told.run_s,
            policy=Policy(seed=self.seed, calibration_seeds=2, looks=(1, 2), finalists=1, slots=told.slots),
            rungs=told.rungs,
            failing=self.fate,
            runbook=RUNBOOK,
            fuse=self.fuse,
        )
        world.backend = Witnessed(
            outcome=world._outcome,
            now=lambda: world.clock,
            when=lambda: self.fuse.count,
            unheard=lambda: self.dice.random() < told.unheard,
            nodes=NODES if told.lemon else (),
            on=lambda launch, node: self.lost() if node == NODES[0] else None,
        )
        return world

    def burns(self, count: int) -> bool:
        self.world.journal.now = f"{count:09d}"  # type: ignore[attr-defined]
        if count > MOST_TOUCHES:
            raise Endless(f"{count} touches of the world")
        return self.dice.random() < self.told.dies

    def lost(self) -> Run:
        return Run(seconds=self.told.run_s / 12, state=JobState.LOST, reason="NODE_FAIL")

    def fate(self, job: Job) -> Run | None:
        """Return how a job goes wrong, if it does: always the same for one seed and job."""
        dice, told = Random(f"{self.seed}:{job.id}"), self.told
        if dice.random() < told.fails:
            if dice.random() < 0.1:
                return Run(seconds=1e9)  # until its limit ends it
            seconds, log = dice.uniform(0, told.run_s / 3), dice.choice(LOGS)
            return Run(seconds=seconds, state=JobState.FAILED, reason="exit 1", log=log)
        return self.lost() if dice.random() < told.lost else None

    def through(self) -> Found:
        """See the campaign to its end, or to a person's patience."""
        self.world.open()
        self.memories = [self.world.memory() for _ in range(self.told.rivals)]
        rests = not self.ended()
        if rests and not self.world.told:
            self.found.wrong.append("it rests, and nobody was told")
        events = [json.loads(line) for line in codec.to_jsonl(self.world.journal.read(CAMPAIGN))]
        self.found.events, self.found.days = Counter(map(kind, events)), self.world.clock / DAY_S
        self.found.rests += rests
        cluster = self.world.backend
        assert isinstance(cluster, Witnessed)
        judged = audit_history(events, cluster.told, {str(job): at for job, at in cluster.cancelled.items()})
        self.found.wrong += serious(judged, rests)
        return self.found

    def ended(self) -> bool:
        for _ in range(MOST_LOOKS):
            state = self.look()
            if state is None:
                continue
            if state.ended:
                return True
            if state.paused and self.resumed == MOST_RESUMED:
                return False
            self.people(state)
            for _ in range(1 + (self.dice.random() < self.told.late)):
                self.world.pass_time()
        self.found.wrong.append("it does not end")
        return False

    def look(self) -> Campaign | None:
        """Have one of the agents wake; None where it died, or could reach nobody."""
        self.world.backend.reachable = self.dice.random() >= self.told.away
        who = self.dice.randrange(len(self.memories))
        try:
            self.world.wake(self.memories[who])
            return self.memories[who].now()
        except Killed:
            self.memories[who], self.found.deaths = self.world.memory(), self.found.deaths + 1
        except BackendUnreachable:
            self.world.pass_time()  # the waker would try again later
        return None

    def people(self, state: Campaign) -> None:
        """Approve what waits, resume what rests, and now and then meddle."""
        plan, dice = state.plan, self.dice
        if state.paused:
            self.resumed += state.paused != MEDDLER
            self.record(e.Resumed(by=MEDDLER, command=self.command()))
        elif dice.random() < self.told.meddles:
            self.record(*self.wish(state))
        if plan is not None and not state.approved and dice.random() >= self.told.slow:
            granted = round(plan.budget_ms * dice.choice((1.0, 1.0, 1.5)))
            self.record(e.PlanApproved(approval=approval(plan.digest, granted)))

    def wish(self, state: Campaign) -> tuple[e.Event, ...]:
        """Return what a person does unasked, as the command line would record it: what it refuses before the approval is not tried."""
        word = {"by": MEDDLER, "command": self.command()}
        ideas = [x.id for x in state.experiments.values() if x.change != BASELINE]
        waits = state.plan is not None and not state.approved
        wish = self.dice.choice(
            ("reject", "reject", "pause") if waits else ("pause", "pause", "drop", "drop", "finish", "stop")
        )
        if wish == "drop" and state.approved and ideas:
            idea = self.dice.choice(ideas)
            return e.Steered(wish=wish, target=idea, **word), e.ExperimentDropped(experiment=idea, reason=MEDDLER)
        if wish == "reject" and state.plan is not None and state.plan.hypotheses:
            return (e.HypothesisRejected(hypothesis=state.plan.hypotheses[0].id, reason="", **word),)
        if wish == "finish" and state.approved:
            return (e.Steered(wish=wish, target="", **word),)
        return (e.Stopped(reason="", **word) if wish == "stop" else e.Paused(reason=MEDDLER, **word),)

    def record(self, *events: e.Event) -> None:
        try:
            self.world.journal.append(CAMPAIGN, events)
        except OverBudget:
            self.found.wrong.append(f"the ledger refused {events}")

    def command(self) -> str:
        self.commands += 1
        return f"act-{self.commands}"


def kind(event: dict[str, Any]) -> str:
    """Return what kind of event it is; the ends of jobs are told apart."""
    end = f" {event['event']['status']['state']}" if event["kind"] == "JobEnded" else ""
    return event["kind"] + end


def serious(judged: Audit, rests: bool) -> Sequence[str]:
    """Return what is wrong; of one that rests with a person, what is unfinished is not."""
    told = [*judged.lost, *judged.duplicated, *judged.over_budget]
    told = [
        word for word in told if not (".diagnose." in word and "never judged" in word)
    ]  # only whether they fail counts
    return [word for word in told if not (rests and any(part in word for part in UNFINISHED))]
