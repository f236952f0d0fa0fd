"""One simulated campaign: the shipped decisions, verdicts and ledger, on a simulated cluster whose noise a setting says."""

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import TypedDict

from benchmarks.honesty.settings import SEED_SD, Setting
from rea.app import runbook as shipped
from rea.domain.campaign import Campaign
from rea.domain.change import Change
from rea.domain.event import Resumed, TestOpened
from rea.domain.evidence import Finding, Rows, TestOpening
from rea.domain.experiment import Phase
from rea.domain.ids import CampaignId, Digest
from rea.domain.job import Job, JobState
from rea.domain.plan import Policy
from rea.domain.proposal import Outcome
from rea.domain.runbook import RunbookEntry
from rea.executor.backends.simulated import Run
from rea.knowledge.findings import unshrunk
from rea.testing.memory import MemoryJournal
from rea.testing.simulation import BASELINE_NE, CAMPAIGN, Truth, World, draw

RUN_S = 60.0
STRETCH_S = 300.0  # how long a bad stretch lasts
BAD = 0.15  # share of the stretches that are bad
RESUMED = 20  # times that a pause is looked at
LOOKED_S = 3600.0  # after which somebody looks at a pause: what made a node fail is mended by then, or not
WORSE = 2.0  # how much worse a run of a bad stretch is, on average, in seed standard deviations
LOG = "Killed by signal 15 (SIGTERM): the node is being drained"


class Judged(TypedDict):
    """A finalist: its true effect, and the plain 95 % interval of its fresh runs on the test rows."""

    true: float
    low: float
    high: float


class Told(TypedDict):
    """What came of one campaign; ``launched`` is None or the true effect of what it proposes, with the interval that the report shows."""

    launched: float | None
    interval: tuple[float, float]
    value: float
    finalists: list[Judged]
    jobs: int
    ended: bool
    opened: bool


@dataclass(frozen=True, slots=True)
class Planted:
    """Bugs that the figures have to notice: Confirmation on runs and rows that chose."""

    old_seeds: bool = False
    old_rows: bool = False


@dataclass(slots=True, kw_only=True)
class Noisy(World):
    """The simulated world with the noise of a setting. Everything random is told by ``seed``, ``campaign`` and the job."""

    setting: Setting
    seed: int
    campaign: int = 0
    planted: Planted = Planted()

    def score(self, job: Job, rows: Rows) -> float:
        """Return the NE of a job's predictions; what differs between campaigns of a series are the seeds, never the rows."""
        effect = self.truth.effect(job.change) + SEED_SD * (self._seed_noise(job) - self._burst(job))
        seen = Rows.JUDGE if self.planted.old_rows else rows
        row_noise = self._draw(str(job.change), seen).gauss(0, self.truth.row_sd)
        return BASELINE_NE * (1 - effect - row_noise)

    def _draw(self, *parts: object) -> Random:
        """Return dice that no other setting throws, so that what is luck in one is none in the next."""
        return draw(self.setting.name, self.seed, *parts)

    def _seed_noise(self, job: Job) -> float:
        name = (job.experiment, job.index) if self.planted.old_seeds else (job.seed, job.purpose)
        dice = self._draw(self.campaign, *name)
        noise = dice.gauss(0, 1)
        if self.setting.tails:
            noise /= (
                dice.gammavariate(1.5, 2.0)
            ) ** 0.5  # a t of three degrees of freedom, scaled to a deviation of one
        return noise * self._loudness(job.change)

    def _loudness(self, change: Change) -> float:
        names = list(self.truth.effects)
        on = [name for name, value in change.overrides if value]
        return max((self.setting.loud(names.index(n), self.truth.effects[n] / SEED_SD) for n in on), default=1.0)

    def _burst(self, job: Job) -> float:
        if not self.setting.bursts:
            return 0.0
        dice = self._draw(self.campaign, "burst", self.backend.started[job.id][0] // STRETCH_S)
        return 2 * WORSE * dice.random() if dice.random() < BAD else 0.0

    def _fails(self, job: Job) -> Run | None:
        dice = self._draw(self.campaign, "failing", self.clock // STRETCH_S)
        if self.setting.failing and dice.random() < BAD:
            return Run(seconds=RUN_S * dice.random(), state=JobState.LOST, reason="the node went away", log=LOG)
        return None


@cache
def runbook() -> tuple[RunbookEntry, ...]:
    return shipped()[0]


def world(setting: Setting, seed: int, campaign: int, journal: MemoryJournal, planted: Planted = Planted()) -> Noisy:
    """Return the world of one campaign; all campaigns of a series have one truth."""
    dice = draw(setting.name, seed)
    effects = {f"lever_{i}": SEED_SD * effect for i, effect in enumerate(setting.effects(dice)[: setting.hypotheses])}
    truth = Truth(
        effects=effects,
        seed_sd=SEED_SD,
        row_sd=setting.rows * SEED_SD / 2**0.5,
        interaction=setting.interaction * SEED_SD,
        run_s=RUN_S,
    )
    policy = Policy(seed=1000 * seed + campaign)
    made = Noisy(truth=truth, budget_s=setting.jobs * RUN_S, policy=policy, rungs=setting.rungs, journal=journal,
                 setting=setting, seed=seed, campaign=campaign, planted=planted,
                 runbook=runbook())  # fmt: skip
    made.failing = made._fails
    return made


def unit(setting: Setting, seed: int, planted: Planted = Planted()) -> list[Told]:
    """Run one campaign, or one series of campaigns on one test set."""
    told: list[Told] = []
    for number in range(setting.series):
        journal = MemoryJournal()
        _opened_before(journal, sum(t["opened"] for t in told))
        one = world(setting, seed, number, journal, planted)
        told.append(tell(one, run(one)))
    return told


def run(made: Noisy) -> Campaign:
    """Run a campaign to its end; where it pauses, an engineer looks and lets it go on."""
    made.open()
    memory = made.memory()
    for looked in range(RESUMED):
        while not memory.now().ended:
            made.wake(memory)
            made.approve(memory)
            if not made.pass_time():
                break
        made.wake(memory)
        if memory.now().ended:
            break
        made.clock += LOOKED_S
        made.journal.append(CAMPAIGN, (Resumed(by="bench", command=f"resume:{looked}"),))
    return memory.now()


def _opened_before(journal: MemoryJournal, times: int) -> None:
    for number in range(1, times + 1):
        opening = TestOpening(data=Digest("test"), number=number, alpha=0.0)
        journal.append(CampaignId(f"earlier-{number}"), (TestOpened(opening=opening),))


def tell(made: Noisy, c: Campaign) -> Told:
    """Return what came of a campaign beside the truth."""
    confirmed = [f for f in c.findings.values() if f.phase is Phase.CONFIRMATION]
    won = c.proposal.finding if c.proposal and c.proposal.outcome is Outcome.WINNER else None
    effect = won.effect if won else None
    return Told(
        launched=true_effect(made, c, won) if won else None,
        interval=(effect.low, effect.high) if effect else (0.0, 0.0),
        value=effect.value if effect else 0.0,
        finalists=[j for f in confirmed if (j := _judged(made, c, f))],
        jobs=len(made.backend.launches),
        ended=c.ended,
        opened=c.opening is not None,
    )


def true_effect(made: Noisy, c: Campaign, finding: Finding) -> float:
    return made.truth.effect(c.experiments[finding.experiment].change)


def _judged(made: Noisy, c: Campaign, finding: Finding) -> Judged | None:
    plain = unshrunk(c, finding)
    return Judged(true=true_effect(made, c, finding), low=plain.low, high=plain.high) if plain else None
