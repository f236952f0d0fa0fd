"""What a report says, as values: each number stands in the campaign's journal or follows from it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE
from rea.domain.event import Recorded
from rea.domain.experiment import Phase
from rea.planner.ablation import Anatomy, anatomy
from rea.planner.phases.exploitation import full_arms
from rea.planner.trust import Record
from rea.report import numbers as n
from rea.report.facts.failures import Failed, cancelled, failures, set_aside
from rea.report.facts.floor import Floor, floor
from rea.report.facts.launch import Launch, direction, launch, metric
from rea.report.facts.people import Touch, touches
from rea.report.facts.quality import Compared, Guarded, compared, guardrails
from rea.report.facts.reproduce import reproduce
from rea.report.facts.scores import Proposer, proposers
from rea.report.facts.spending import Priced, Progress, Spending, priced, progress, spending
from rea.report.facts.tried import Calibration, Tried, calibration, tried
from rea.report.foreign import line


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """The budget in device-milliseconds; ``price`` is money for a device-hour, where the workload names one."""

    granted: int
    held: int
    spent: int
    overrun: int
    price: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a report shows. ``sign`` turns an improvement into the change of the metric itself."""

    name: str
    title: str
    workload: str
    opened: str
    took: str
    metric: str
    sign: int
    jobs: int
    launch: Launch
    tried: tuple[Tried, ...]
    calibration: Calibration
    compared: tuple[Compared, ...]
    guardrails: tuple[Guarded, ...]
    failed: tuple[Failed, ...]
    cancelled: int
    set_aside: tuple[str, ...]
    floor: Floor | None
    spending: tuple[Spending, ...]
    priced: Priced | None
    anatomy: Anatomy | None
    progress: Progress
    money: Money
    human_touches: int
    touches: tuple[Touch, ...]
    proposers: tuple[Proposer, ...]
    reproduce: tuple[tuple[str, str], ...]
    sources: tuple[Record, ...]  # over all campaigns that this store knows

    @property
    def confirmed(self) -> tuple[Tried, ...]:
        return tuple(t for t in self.tried if t.phase == Phase.CONFIRMATION)

    @property
    def hypotheses(self) -> tuple[Tried, ...]:
        return tuple(t for t in self.tried if t.claim is not None)

    @property
    def stacks(self) -> tuple[Tried, ...]:
        return tuple(t for t in self.tried if t.claim is None and t.phase != Phase.CONFIRMATION)


def facts_of(c: Campaign, recorded: Sequence[Recorded], sources: Sequence[Record] = ()) -> Facts:
    """Return the facts of a campaign, finished or not."""
    c.jobs.loosen()  # a dozen of them look at every job
    rows = tried(c)
    return Facts(
        name=c.id,
        title=line(c.question) or c.id or "A campaign that was not opened",
        workload=line(c.workload.name) if c.workload else "",
        opened=n.moment(c.opened_at) if c.opened_at else "",
        took=n.elapsed(c.opened_at, recorded[-1].at) if recorded else "",
        metric=metric(c),
        sign=direction(c),
        jobs=len(c.jobs),
        launch=launch(c),
        tried=rows,
        calibration=calibration(rows),
        compared=compared(c),
        guardrails=guardrails(c),
        failed=failures(c),
        cancelled=cancelled(c),
        set_aside=set_aside(c),
        floor=floor(c),
        spending=spending(c),
        priced=priced(c) if c.noise else None,
        anatomy=_anatomy(c) if c.noise else None,
        progress=progress(c, recorded),
        money=_money(c),
        human_touches=c.human_touches,
        touches=touches(recorded),
        proposers=proposers(c),
        reproduce=reproduce(c),
        sources=tuple(sources),
    )


def _anatomy(c: Campaign) -> Anatomy | None:
    """Return the inside of what is proposed, or of the best so far."""
    proposed = c.proposal.change if c.proposal is not None and c.proposal.experiment is not None else None
    best = next((arm.change for arm in full_arms(c) if arm.mean > 0), BASELINE)
    return anatomy(c, proposed or best)


def _money(c: Campaign) -> Money:
    price = c.plan.price_per_hour if c.plan else c.workload.price_per_hour if c.workload else None
    x = c.ledger
    return Money(granted=x.granted, held=x.held, spent=x.spent, overrun=x.overrun, price=price)
