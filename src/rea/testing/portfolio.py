"""A portfolio on a simulated cluster: several worlds that share a journal, a clock and the machine's slots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from rea.campaign.portfolio.advance import advance
from rea.campaign.portfolio.evolve import replay
from rea.campaign.recall import Recall
from rea.domain.campaign import Campaign
from rea.domain.errors import StaleDecision
from rea.domain.event import PortfolioApproved, PortfolioOpened, PortfolioSigned
from rea.domain.ids import CampaignId
from rea.domain.plan import Policy
from rea.domain.portfolio import PREFIX, Dealing, Member, Portfolio
from rea.testing.fuse import Fuse
from rea.testing.memory import MemoryJournal
from rea.testing.simulation import Log, Touching, Truth, World, approval

NAME = CampaignId(f"{PREFIX}simulated")
POLICY = Policy(seed=7, calibration_seeds=4)


class SharedLog(Log, Protocol):
    """A journal that can say how many jobs the other members of a portfolio hold, too."""

    def elsewhere(self, member: CampaignId, slots: int) -> int:
        """Return how many of a member's ``slots`` others of its portfolio hold."""
        ...


@dataclass(slots=True, kw_only=True)
class PortfolioWorld:
    """Everything outside a portfolio, in memory, on virtual time. Each touch of it passes the fuse."""

    truths: Mapping[str, Truth]
    budget_s: float
    slots: int = 4
    weights: Mapping[str, float] = field(default_factory=dict)
    dealing: Dealing = field(default_factory=Dealing)
    policy: Policy = POLICY
    fuse: Fuse = field(default_factory=Fuse)
    journal: SharedLog = field(default_factory=MemoryJournal)
    worlds: dict[CampaignId, World] = field(init=False)
    told: list[str] = field(default_factory=list)
    memories: dict[CampaignId, Recall] = field(default_factory=dict)
    most_running: int = 0

    def __post_init__(self) -> None:
        self.worlds = {CampaignId(name): self._world(CampaignId(name), truth) for name, truth in self.truths.items()}

    def _world(self, name: CampaignId, truth: Truth) -> World:
        weight = self.weights.get(name, 1.0)
        total = sum(self.weights.get(other, 1.0) for other in self.truths)
        return World(
            truth=truth,
            budget_s=self.budget_s * weight / total,
            policy=replace(self.policy, slots=self.slots, seed=self.policy.seed + len(name) + sum(name.encode())),
            fuse=self.fuse,
            journal=self.journal,
            name=name,
            elsewhere=lambda slots: self.journal.elsewhere(name, slots),
        )

    @property
    def state(self) -> Portfolio:
        return replay(r.event for r in self.journal.read(NAME))

    def member(self, name: CampaignId) -> Campaign:
        return self._memory(name).now()

    def open(self) -> None:
        """Check every member, and put all checklists before an engineer."""
        members = []
        for name, world in self.worlds.items():
            checklist = world.check(NAME)
            told = {"workload": name, "weight": self.weights.get(name, 1.0), "checklist": checklist.digest}
            shares = {"allowance_ms": checklist.allowance_ms, "share_ms": checklist.budget_ms}
            members.append(Member(campaign=name, **told, **shares))  # type: ignore[arg-type]
        opened = PortfolioOpened(
            portfolio=NAME,
            members=tuple(members),
            budget_ms=round(self.budget_s * 1000),
            slots=self.slots,
            dealing=self.dealing,
            at="2026-01-01T00:00:00+00:00",
        )
        self.journal.append(NAME, (opened,))

    def decide(self) -> None:
        """Sign or approve what waits, once, as an engineer does with ``rea portfolio approve``."""
        p = self.state
        if not p.waiting:
            return
        if p.signed is None:
            granted = sum(m.allowance_ms for m in p.members)
            self.journal.append(NAME, (PortfolioSigned(approval=approval(p.waiting, granted)),))
        else:
            self.journal.append(NAME, (PortfolioApproved(approval=approval(p.waiting, p.budget_ms)),))

    def wake(self) -> None:
        """Look at the portfolio and at every member until nothing is left to do at once."""
        log = Touching(self.journal, "journal", self.fuse)
        length = -1
        while length != (length := self._length()):
            self._deal(log)
            for name, world in self.worlds.items():
                world.wake(self._memory(name))
            self.most_running = max(self.most_running, self.running())

    def _deal(self, log: object) -> None:
        going = True
        while going:
            try:
                going = advance(NAME, log, {n: self._memory(n) for n in self.worlds}, self._tell) is not None  # type: ignore[arg-type]
            except StaleDecision:
                continue

    def running(self) -> int:
        """Return how many jobs of all members the cluster runs now."""
        return sum(_runs(w) for w in self.worlds.values())

    def pass_time(self) -> bool:
        """Let virtual time go on to the next end of any job; False when nothing runs."""
        ends = [end for w in self.worlds.values() if (end := w.backend.next_end()) is not None]
        for world in self.worlds.values() if ends else ():
            world.clock = min(ends)
        return bool(ends)

    def run(self, looks: int = 20_000) -> Portfolio:
        """Run the portfolio to its end, signing and approving what waits, and return what it came to."""
        self.open()
        for _ in range(looks):
            self.wake()
            if self.state.concluded:
                break
            if self.state.waiting:
                self.decide()
            elif not self.pass_time():
                break
        return self.state

    def forget(self) -> None:
        """Lose what a process remembers, as one that is killed does."""
        self.memories.clear()

    def _memory(self, name: CampaignId) -> Recall:
        if name not in self.memories:
            self.memories[name] = self.worlds[name].memory()
        return self.memories[name]

    def _length(self) -> int:
        names: Sequence[CampaignId] = (NAME, *self.worlds)
        return sum(len(self.journal.read(name)) for name in names)

    def _tell(self, kind: str, _: str) -> None:
        self.told.append(kind)


def _runs(w: World) -> int:
    started = ((job, start + run.seconds) for job, (start, run) in w.backend.started.items())
    return sum(end > w.clock and job not in w.backend.cancelled for job, end in started)
