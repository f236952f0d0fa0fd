"""Does what was learnt elsewhere help, and does wrong history harm? Whole simulated campaigns whose true effects carry over in part.

    python benchmarks/history.py [UNIVERSES] [TARGETS]        # 20 universes of 2 new places each: 40 pairs; TRAININGS=30,60
    python benchmarks/history.py cells TARGET FROM[,FROM..]   # the planner's benchmark: recorded trainings, history from other cells; SEED=1 TRAIN=1

A universe has thirty techniques; each has an effect of its own, and parts that are particular to a data set, a model, and both. Six campaigns are
run in it on three models and three data sets, of sixty trainings each. Then a campaign on a model and a data set that nobody has seen is run from
nothing, from that history, from the same history with every effect's sign turned, and with the effects dealt to other techniques. What counts is
the true effect of what each would hand over.
"""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from math import sqrt
from pathlib import Path
from random import Random
from statistics import fmean, stdev

sys.path.insert(0, str(Path(__file__).parent.parent))

from rea.domain.campaign import Campaign
from rea.domain.event import CampaignOpened, ChecklistRecorded, ChecklistSigned, Resumed
from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Effect, Move, Operation
from rea.domain.ids import CampaignId
from rea.domain.insight import Insight, Standing
from rea.domain.lever import Lever, LeverType, Role
from rea.domain.plan import Policy
from rea.domain.technique import Technique
from rea.planner.phases.exploitation import best_change
from rea.planner.sources.history.source import HistorySource
from rea.planner.sources.research.source import ResearchSource
from rea.ports import Ports
from rea.statistics.effects import t_quantile
from rea.testing.memory import MemoryInsights
from rea.testing.simulation import CAMPAIGN, Truth, World, approval, checklist_of, workload

ROLES: Sequence[Role] = [
    r for r in Role if r not in (Role.OTHER, Role.ARCHITECTURE, Role.MICRO_BATCH, Role.EPOCHS, Role.ENSEMBLE)
][:30]
ANYWHERE, DATA, MODEL, PLACE = (
    0.008,
    0.004,
    0.004,
    0.003,
)  # standard deviations of true effects: 61 % of the variance carries over
CLAIM_SD = 0.006  # how far a catalogue's claim lies from what a technique does on average
RUN_S = 60.0
BEFORE = 60  # trainings of each campaign that makes the history
TRAININGS = tuple(int(x) for x in os.environ.get("TRAININGS", "30,60").split(","))  # of the campaigns that have it
SOURCES = ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 0))  # data set and model of the campaigns that make the history
KINDS = ("nothing", "history", "turned", "dealt")


@dataclass(frozen=True)
class Universe:
    """What every technique does, anywhere and in particular, and what a catalogue claims of it."""

    seed: int

    def part(self, sd: float, *where: object) -> dict[Role, float]:
        dice = Random(f"{self.seed} {where}")
        return {role: dice.gauss(0, sd) for role in ROLES}

    def effects(self, data: int, model: int) -> dict[str, float]:
        parts = (
            self.part(ANYWHERE),
            self.part(DATA, "data", data),
            self.part(MODEL, "model", model),
            self.part(PLACE, "place", data, model),
        )
        return {role.value: sum(part[role] for part in parts) for role in ROLES}

    def techniques(self) -> tuple[Technique, ...]:
        known, off = self.part(ANYWHERE), self.part(CLAIM_SD, "claim")
        shrink = ANYWHERE**2 / (ANYWHERE**2 + CLAIM_SD**2)
        return tuple(_technique(role, shrink * (known[role] + off[role])) for role in ROLES)


def _technique(role: Role, value: float) -> Technique:
    return Technique(
        name=role.value,
        statement=f"{role} helps.",
        rationale="simulated",
        citation="none",
        effect=Effect(value=value, low=value - 0.011, high=value + 0.011),
        falsifier="no improvement",
        moves=(Move(role=role, operation=Operation.SET, operand=True),),
    )


@dataclass(slots=True, kw_only=True)
class Placed(World):
    """A simulated world with a data set, a model and levers that have roles, in which the real sources propose."""

    data: str
    model: str
    techniques: tuple[Technique, ...]
    insights: MemoryInsights = field(default_factory=MemoryInsights)

    @property
    def ports(self) -> Ports:
        # the slots of a dataclass need the base named
        whole: Ports = World.ports.fget(self)  # type: ignore[attr-defined]
        sources = (HistorySource(self.insights, self.techniques), ResearchSource(self.techniques, self.insights))
        return replace(whole, insights=self.insights, sources=sources)

    def run(self, wakes: int = 5000) -> Campaign:
        """Run the campaign to its end; what seems too good to be true is looked at and let go on, as an engineer would."""
        c = World.run(self, wakes)
        while c.paused and not c.ended:
            if not c.paused.startswith("too good"):
                raise SystemExit(f"a campaign stands still: {c.paused}")
            self.journal.append(CAMPAIGN, (Resumed(by="bench", command=f"resume:{len(self.journal.read(CAMPAIGN))}"),))
            memory = self.memory()
            while True:
                self.wake(memory)
                self.approve(memory)
                if memory.now().ended or (not self.pass_time() and memory.now().paused):
                    break
            c = self.state
        return c

    def open(self) -> None:
        levers = [Lever(name=r.value, type=LeverType.BOOL, role=r, default=False) for r in ROLES]
        net = Lever(
            name="net", type=LeverType.CHOICE, role=Role.ARCHITECTURE, default=self.model, choices=(self.model,)
        )
        opened = CampaignOpened(
            campaign=CAMPAIGN,
            question="lower the normalized entropy",
            workload=replace(workload(()), levers=(*levers, net)),
            repository="/repository",
            commit="0" * 40,
            policy=self.policy,
            budget_ms=round(self.budget_s * 1000),
            at="2026-01-01T00:00:00+00:00",
        )
        checklist = checklist_of(opened, self.data)
        signed = ChecklistSigned(approval=approval(checklist.digest, checklist.allowance_ms))
        self.journal.append(CAMPAIGN, (opened, ChecklistRecorded(checklist=checklist), signed))


def campaign(
    universe: Universe, data: int, model: int, known: Sequence[Insight], seed: int, trainings: int = BEFORE
) -> tuple[float, tuple[Insight, ...]]:
    """Return the true effect of what a campaign would hand over, and what it learnt."""
    memory = MemoryInsights()
    memory.add(known)
    world = Placed(
        truth=Truth(effects=universe.effects(data, model), run_s=RUN_S),
        budget_s=trainings * RUN_S,
        policy=Policy(seed=seed, calibration_seeds=4),
        data=f"data{data}",
        model=f"model{model}",
        techniques=universe.techniques(),
        insights=memory,
    )
    c = world.run()
    before = {i.id for i in known}
    learnt = tuple(
        replace(i, campaign=CampaignId(f"{universe.seed}-{data}-{model}")) for i in memory.all() if i.id not in before
    )
    return world.truth.effect(best_change(c)), learnt


def turned(known: Sequence[Insight]) -> tuple[Insight, ...]:
    """Return history that says the contrary of everything."""
    other = {Verdict.SUPPORTED: Verdict.REFUTED, Verdict.REFUTED: Verdict.SUPPORTED}
    return tuple(
        replace(i, measured=_turned(i.measured), raw=_turned(i.raw), verdict=other.get(i.verdict, i.verdict))
        for i in known
    )


def _turned(effect: Effect | None) -> Effect | None:
    return effect and Effect(value=-effect.value, low=-effect.high, high=-effect.low)


def dealt(known: Sequence[Insight], seed: int) -> tuple[Insight, ...]:
    """Return history in which every technique has the record of another."""
    shuffled = list(ROLES)
    Random(seed).shuffle(shuffled)
    to: dict[Role, Role] = dict(zip(ROLES, shuffled, strict=True))

    def other(i: Insight) -> Insight:
        moves = tuple(replace(m, role=to[m.role]) for m in i.moves)
        return replace(i, moves=moves, technique=" + ".join(str(m.role) for m in moves))

    return tuple(other(i) for i in known)


def universe_of(seed: int, targets: int) -> list[list[dict[str, float]]]:
    """Return what each kind of history came to, for every budget and every target place of one universe."""
    universe = Universe(seed)
    known: tuple[Insight, ...] = ()
    for n, (data, model) in enumerate(SOURCES):
        known += campaign(universe, data, model, (), 100 * seed + n)[1]
    histories = {"nothing": (), "history": known, "turned": turned(known), "dealt": dealt(known, seed)}
    return [
        [
            {k: campaign(universe, 10 + t, 10 + t, told, 1000 * seed + t, runs)[0] for k, told in histories.items()}
            for t in range(targets)
        ]
        for runs in TRAININGS
    ]


def interval(differences: Sequence[Sequence[float]]) -> tuple[float, float, float]:
    """Return the mean difference with its 95 % interval over universes, whose places hang together."""
    means = [fmean(d) for d in differences]
    half = t_quantile(0.975, len(means) - 1) * stdev(means) / sqrt(len(means)) if len(means) > 1 else float("inf")
    return fmean(means), fmean(means) - half, fmean(means) + half


def simulated(universes: int, targets: int) -> int:
    """Run the pairs, print each universe as it ends, and the comparison for each budget; 1 where history does not help the smallest."""
    found: list[list[list[dict[str, float]]]] = []
    with ProcessPoolExecutor(int(os.environ.get("WORKERS", "2"))) as pool:
        for seed, told in enumerate(pool.map(universe_of, range(universes), [targets] * universes)):
            found.append(told)
            means = ("/".join(f"{fmean(r[k] for r in at):+.4f}" for at in told) for k in KINDS)
            print(f"universe {seed}: " + ", ".join(f"{k} {m}" for k, m in zip(KINDS, means, strict=True)), flush=True)
    lowest = [compared(runs, [told[n] for told in found]) for n, runs in enumerate(TRAININGS)]
    return 0 if lowest[0] > 0 else 1


def compared(trainings: int, found: Sequence[Sequence[dict[str, float]]]) -> float:
    """Print what each history is worth with so many trainings; return the least that the right one may add."""
    pairs = sum(len(u) for u in found)
    print(
        f"\ntrue relative improvement of what is handed over, {pairs} places that history has not seen, {trainings} trainings each"
    )
    base = fmean(r["nothing"] for u in found for r in u)
    print(f"  {'nothing':<8} {base:+.4f}")
    shares, against = {}, {k: interval([[r[k] - r["nothing"] for r in u] for u in found]) for k in KINDS[1:]}
    for kind, (mean, low, high) in against.items():
        better = sum(r[kind] > r["nothing"] for u in found for r in u)
        shares[kind] = f"{1 + mean / base:.2f} [{1 + low / base:.2f}, {1 + high / base:.2f}]"
        print(
            f"  {kind:<8} {base + mean:+.4f}, {mean:+.4f} [{low:+.4f}, {high:+.4f}] against nothing, better in {better}"
        )
    print(
        f"history: {shares['history']} times the improvement without it; wrong history: {shares['turned']} (signs turned), "
        f"{shares['dealt']} (dealt to other techniques); {trainings} trainings, over {pairs} pairs"
    )
    return against["history"][1]


def cells(target: str, others: Sequence[str], level: str = "full") -> int:
    """Replay the planner's campaigns of some cells, and of another with and without what was learnt there; nothing new is trained."""
    from benchmarks.planner import agent, bench
    from benchmarks.planner.cells import CELLS
    from benchmarks.planner.records import Missing, Records

    known, records = MemoryInsights(), Records(bench.WORK, replay_only=os.environ.get("TRAIN") != "1")
    named, seed = {cell.name: cell for cell in CELLS}, int(os.environ.get("SEED", "1"))
    for name in others:
        world = agent.Bench(records=records, cell=named[name], level=level, seed=seed)
        try:
            world.run()
        except Missing as error:
            print(f"{name}: left out, a training is not recorded: {error} (TRAIN=1 does it)")
            continue
        learnt = [i for i in world.insights.all() if i.standing is Standing.JUDGED]
        known.add(tuple(replace(i, campaign=CampaignId(name)) for i in learnt))
        print(f"{name}: {len(learnt)} insights")
    for kind, history in (("nothing", MemoryInsights()), ("history", known)):
        try:
            trace = agent.campaign(records, named[target], level, seed, history)
            print(
                f"{target} from {kind}: {len(trace)} incumbents, the last after {trace[-1][0]:.1f} default trainings: {dict(trace[-1][1])}"
            )
        except Missing as error:
            print(f"{target} from {kind}: not whole, a training is not recorded: {error} (TRAIN=1 does it)")
    return 0


def main(words: Sequence[str]) -> int:
    if words[:1] == ["cells"]:
        return cells(words[1], words[2].split(","))
    universes, targets = [int(w) for w in [*words, "20", "2"][:2]] if len(words) != 1 else (int(words[0]), 2)
    return simulated(universes, targets)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
