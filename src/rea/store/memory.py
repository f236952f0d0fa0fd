"""The store's ports in memory: whole campaigns in milliseconds, by the same laws as the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rea.domain import event as e
from rea.domain.call import name_of
from rea.domain.errors import OverBudget, StaleDecision
from rea.domain.event import Event, Recorded
from rea.domain.hypothesis import Effect, Move
from rea.domain.ids import CampaignId, Digest
from rea.domain.insight import Insight, Prior, Setting
from rea.domain.ledger import Ledger
from rea.domain.plan import Approval
from rea.domain.portfolio import is_portfolio
from rea.domain.runbook import EntryVerdict
from rea.store import amounts, codec
from rea.store.prior import prior_from

EPOCH = "2026-01-01T00:00:00.000+00:00"


@dataclass(frozen=True, slots=True)
class _Stream:
    """One campaign's events and what follows from them. A copy is made of what changes, so that a refusal leaves nothing."""

    recorded: list[Recorded] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    holds: dict[str, int] = field(default_factory=dict)  # by job, or of a portfolio by member
    portfolio: str = ""  # of a member
    slots: int = 0  # of a portfolio
    tokens: Ledger = field(default_factory=Ledger)
    money: Ledger = field(default_factory=Ledger)
    calls: dict[str, tuple[int, int]] = field(default_factory=dict)
    checklist: str = ""
    plan: str = ""


class MemoryJournal:
    """The ``Journal``, ``Openings`` and ``Standings`` ports in memory."""

    def __init__(self, now: str = EPOCH, opened: Mapping[Digest, int] | None = None) -> None:
        """``opened`` is how often other campaigns have opened test rows."""
        self.now = now
        self._streams: dict[CampaignId, _Stream] = {}
        self._keys: dict[CampaignId, set[str]] = {}
        self._openings = {data: {CampaignId(f"earlier {n}") for n in range(k)} for data, k in (opened or {}).items()}

    def campaigns(self) -> Sequence[CampaignId]:
        return tuple(name for name in self._streams if not is_portfolio(name))

    def elsewhere(self, member: CampaignId, slots: int) -> int:
        """Return how many of a member's ``slots`` are taken, since its portfolio has no more and others hold them."""
        own = self._stream(member)
        others = self._running(own.portfolio) - len(own.holds)
        return max(0, others + slots - self._stream(CampaignId(own.portfolio)).slots) if own.portfolio else 0

    def read(self, campaign: CampaignId, after: int = 0, most: int | None = None) -> Sequence[Recorded]:
        return tuple(self._stream(campaign).recorded[after : None if most is None else after + most])

    def append(self, campaign: CampaignId, events: Sequence[Event], *, expected: int | None = None) -> int:
        for event in events:
            amounts.check(event)
            codec.encode(event)
        stream = self._stream(campaign)
        length, keys = len(stream.recorded), self._keys.get(campaign, set())
        if expected is not None and expected != length:
            raise StaleDecision(f"{length} events, decided on {expected}", "look again")
        fresh = [event for key, event in _once(events).items() if key not in keys]
        self._shared(campaign, fresh)
        for event in fresh:
            self._numbered(event)
            stream = _settled(stream, event)
        if fresh:
            self._keep(campaign, stream, fresh)
        return length + len(fresh)

    def ledger(self, campaign: CampaignId) -> Ledger:
        return self._stream(campaign).ledger

    def allowances(self, campaign: CampaignId) -> tuple[Ledger, Ledger]:
        return self._stream(campaign).tokens, self._stream(campaign).money

    def count(self, data: Digest) -> int:
        return len(self._openings.get(data, ()))

    def verdicts(self, entries: Sequence[Digest]) -> Mapping[Digest, Sequence[EntryVerdict]]:
        found: dict[Digest, list[EntryVerdict]] = {entry: [] for entry in entries}
        for campaign, stream in self._streams.items():
            for event in (r.event for r in stream.recorded):
                if isinstance(event, e.EntryJudged) and event.entry in found:
                    told = EntryVerdict(campaign=campaign, replicate=event.replicate, agrees=event.agrees)
                    found[event.entry].append(told)
        return found

    def _stream(self, campaign: CampaignId) -> _Stream:
        return self._streams.get(campaign, _Stream())

    def _numbered(self, event: Event) -> None:
        if isinstance(event, e.TestOpened) and event.opening.number != self.count(event.opening.data) + 1:
            raise StaleDecision(f"{event.opening.number} is not the next opening", "look again")

    def _shared(self, name: CampaignId, fresh: Sequence[Event]) -> None:
        """Refuse what a member, or its portfolio, may not record."""
        portfolio = CampaignId(self._stream(name).portfolio)
        reserved = sum(isinstance(event, e.JobReserved) for event in fresh)
        if portfolio and reserved and self._running(portfolio) + reserved > self._stream(portfolio).slots:
            raise StaleDecision("no slot is free", "look again")
        for event in fresh:
            if isinstance(event, e.ShareGranted):
                if self._stream(event.portfolio).holds.get(name, -1) < event.granted_ms:
                    raise OverBudget(f"{event.portfolio} does not hold {event.granted_ms} for {name}", "")
            elif isinstance(event, e.ShareSettled) and self.ledger(event.member).granted > event.cost_ms:
                raise StaleDecision(f"{event.member} may still spend more than it has cost", "look again")

    def _running(self, portfolio: str) -> int:
        return sum(len(self._stream(CampaignId(m)).holds) for m in self._stream(CampaignId(portfolio)).holds)

    def _keep(self, campaign: CampaignId, stream: _Stream, fresh: Sequence[Event]) -> None:
        for seq, event in enumerate(fresh, start=len(stream.recorded) + 1):
            stream.recorded.append(Recorded(seq=seq, at=self.now, key=event.key, event=event))
            if isinstance(event, e.TestOpened):
                self._openings.setdefault(event.opening.data, set()).add(campaign)
        self._streams[campaign] = stream
        self._keys.setdefault(campaign, set()).update(event.key for event in fresh)


def _once(events: Sequence[Event]) -> dict[str, Event]:
    first: dict[str, Event] = {}
    for event in events:
        first.setdefault(event.key, event)
    return first


def _settled(s: _Stream, event: Event) -> _Stream:
    match event:
        case e.JobReserved(job=job):
            return replace(s, ledger=s.ledger.hold(job.held_ms), holds={**s.holds, job.id: job.held_ms})
        case e.JobEnded(status=status) if status.state.ended:
            return _ended(s, event.job, event.cost_ms)
        case e.CampaignOpened(portfolio=portfolio) if not s.recorded:
            return replace(s, portfolio=portfolio)
        case e.ChecklistRecorded(checklist=checklist):
            return replace(s, checklist=checklist.digest)
        case e.PlanDrafted(plan=plan):
            return replace(s, plan=plan.digest)
        case e.ChecklistSigned(approval=approval) if approval.subject == s.checklist:
            return _grant(s, approval)
        case e.PlanApproved(approval=approval) if approval.subject == s.plan:
            return _grant(s, approval)
        case e.CallReserved(tokens=tokens, micros=micros):
            name = name_of(event.call, event.attempt)
            calls = {**s.calls, name: (tokens, micros)}
            return replace(s, tokens=s.tokens.hold(tokens), money=s.money.hold(micros), calls=calls)
        case e.CallSettled() if name_of(event.call, event.attempt) in s.calls:
            return _called(s, event)
        case _:
            return _pooled(s, event)


def _pooled(s: _Stream, event: Event) -> _Stream:
    """Settle what concerns a common budget."""
    match event:
        case e.PortfolioOpened(slots=slots):
            return replace(s, checklist=event.digest, slots=slots)
        case e.PortfolioPlanned():
            return replace(s, plan=event.digest)
        case e.PortfolioSigned(approval=a) | e.PortfolioApproved(approval=a) if a.subject in (s.checklist, s.plan):
            return _grant(s, a)
        case e.Allotted(member=m, amount_ms=more):
            return replace(s, ledger=s.ledger.hold(more), holds={**s.holds, m: s.holds.get(m, 0) + more})
        case e.ShareSettled(member=m, cost_ms=cost):
            return _ended(s, m, cost)
        case e.ShareGranted(granted_ms=granted):
            return replace(s, ledger=s.ledger.grant(granted))
        case e.ShareReturned():
            return replace(s, ledger=s.ledger.give_back())
        case _:
            return s


def _ended(s: _Stream, name: str, cost_ms: int) -> _Stream:
    if name not in s.holds:
        return s
    left = {other: held for other, held in s.holds.items() if other != name}
    return replace(s, ledger=s.ledger.settle(s.holds[name], cost_ms), holds=left)


def _called(s: _Stream, event: e.CallSettled) -> _Stream:
    name = name_of(event.call, event.attempt)
    (tokens, micros), left = s.calls[name], {other: held for other, held in s.calls.items() if other != name}
    settled = s.tokens.settle(tokens, event.tokens), s.money.settle(micros, event.micros)
    return replace(s, tokens=settled[0], money=settled[1], calls=left)


def _grant(s: _Stream, approval: Approval) -> _Stream:
    calls = approval.calls
    ledger, tokens, money = (
        s.ledger if s.portfolio else s.ledger.grant(approval.granted_ms),
        s.tokens.grant(calls.tokens),
        s.money.grant(calls.micros),
    )
    return replace(s, ledger=ledger, tokens=tokens, money=money)


class MemoryInsights:
    """The ``Insights`` port in memory. Now is when the newest insight was learnt, so that nothing depends on a clock."""

    def __init__(self) -> None:
        self.kept: dict[Digest, Insight] = {}

    def add(self, insights: Sequence[Insight]) -> None:
        for insight in insights:
            codec.encode_insight(insight)
        for insight in insights:
            self.kept.setdefault(insight.id, insight)

    def all(self) -> Sequence[Insight]:
        return tuple(sorted(self.kept.values(), key=lambda insight: (insight.at, insight.id)))

    def prior(self, moves: Sequence[Move], setting: Setting, expected: Effect | None = None) -> Prior | None:
        return prior_from(self.all(), moves, setting, expected)
