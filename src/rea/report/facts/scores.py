"""Who proposed what, what it cost to test, and what of it was verified: every proposer is scored alike, models included."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE
from rea.domain.evidence import Verdict
from rea.domain.experiment import Experiment, Phase, Purpose
from rea.domain.hypothesis import Hypothesis, SourceName
from rea.domain.ids import HypothesisId
from rea.domain.proposal import Outcome
from rea.planner.ablation import shared

SEARCH = "search"  # the optimiser, which refines what others proposed
SHARED = "shared"  # the baseline, its noise, looking into failures, and explaining: nobody's, and everybody's
PROPOSING = ("proposer", "reviewer", "paper_reader", "patcher")  # roles whose calls are the model's as a proposer

Credit = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposer:
    """One proposer. ``gain`` is its part of the relative improvement that was confirmed on sealed test rows; 0 where nothing was.

    ``spent_ms`` is the device time of the experiments that tested its hypotheses, stacks divided evenly; ``money`` that at the workload's price,
    and what it was paid for calls, which took ``tokens``.
    """

    name: str
    offered: int
    tested: int
    supported: int
    gain: float
    spent_ms: int
    money: float | None
    tokens: int = 0

    @property
    def per_hour(self) -> float | None:
        """Verified improvement for a device-hour."""
        return self.gain / (self.spent_ms / 3.6e6) if self.spent_ms else None

    @property
    def per_money(self) -> float | None:
        """Verified improvement for one unit of money."""
        return self.gain / self.money if self.money else None


def proposers(c: Campaign) -> tuple[Proposer, ...]:
    """Return every proposer that offered or cost something, the most verified improvement for a device-hour first.

    All ``spent_ms`` add up to what the ended jobs cost, all tokens to what calls took, all gains to what was confirmed.
    """
    spent, gains, called = costs(c), credits_of(c), calls(c)
    names = [str(name) for name in (*SourceName, SEARCH, SHARED)]
    found = [_proposer(c, name, spent.get(name, 0), gains.get(name, 0.0), called.get(name, (0, 0))) for name in names]
    some = (p for p in found if p.offered or p.spent_ms or p.tokens)
    return tuple(sorted(some, key=lambda p: (p.name == SHARED, -(p.per_hour or 0))))


def scored(c: Campaign) -> list[dict[str, object]]:
    """Return the proposers as plain values, with their two scores."""
    return [{**asdict(p), "per_hour": p.per_hour, "per_money": p.per_money} for p in proposers(c)]


def calls(c: Campaign) -> dict[str, tuple[int, int]]:
    """Return tokens and millionths of money by proposer: what the campaign's own ledger holds of settled calls."""
    found: dict[str, tuple[int, int]] = {}
    for record in (r for r in c.calls.values() if r.settled):
        name = str(SourceName.MODEL) if record.role in PROPOSING else SHARED
        tokens, micros = found.get(name, (0, 0))
        found[name] = tokens + record.tokens, micros + record.micros
    return found


def costs(c: Campaign) -> dict[str, int]:
    """Return device-milliseconds by proposer."""
    spent: dict[str, int] = {}
    for record in c.jobs.values():
        experiment = c.experiments.get(record.job.experiment)
        looks = record.job.purpose is Purpose.DIAGNOSE or experiment is None
        names = [SHARED] if looks or experiment is None else _payers(c, experiment)
        for name, part in zip(names, _parts(record.cost_ms, len(names)), strict=True):
            spent[name] = spent.get(name, 0) + part
    return spent


def credits_of(c: Campaign) -> Credit:
    """Return the confirmed improvement by proposer: of a stack, in the proportion of what its parts showed alone, or in runs they shared."""
    p = c.proposal
    if p is None or p.outcome is not Outcome.WINNER or p.finding is None or p.experiment is None:
        return {}
    experiment, gain = c.experiments[p.experiment], p.finding.effect.value
    shown = _shown(c)
    parts = [(h.source, max(0.0, shown.get(h.id, 0.0))) for h in _behind(c, experiment, shown)]
    total = sum(effect for _, effect in parts)
    if not parts or gain <= 0:
        return {SEARCH: gain}
    refined = not experiment.hypotheses and total < gain  # what the search added to its parts is its own
    scale = 1.0 if refined else gain / total if total else 0.0
    credit: dict[str, float] = {SEARCH: gain - total} if refined else {}
    for name, effect in parts:
        credit[name] = credit.get(name, 0.0) + (effect * scale if total else gain / len(parts))
    return credit


def _proposer(c: Campaign, name: str, spent: int, gain: float, called: tuple[int, int]) -> Proposer:
    own = {h.id for h in c.hypotheses.values() if h.source == name}
    alone = [f for f in c.findings.values() if f.phase is Phase.VALIDATION and len(f.hypotheses) == 1]
    mine = {f.hypotheses[0]: f for f in alone if f.hypotheses[0] in own}
    price = c.plan.price_per_hour if c.plan else c.workload.price_per_hour if c.workload else None
    tokens, paid = called[0], called[1] / 1e6
    return Proposer(
        name=name,
        offered=len(own),
        tested=len(mine),
        supported=sum(f.verdict is Verdict.SUPPORTED for f in mine.values()),
        gain=gain,
        spent_ms=spent,
        money=None if price is None and not paid else spent / 3.6e6 * (price or 0.0) + paid,
        tokens=tokens,
    )


def _payers(c: Campaign, e: Experiment) -> list[str]:
    if e.change == BASELINE:
        return [SHARED]
    known = [str(c.hypotheses[h].source) for h in e.hypotheses if h in c.hypotheses]
    return known or [SHARED if e.hypotheses else SEARCH]


def _behind(c: Campaign, e: Experiment, shown: Mapping[HypothesisId, float]) -> list[Hypothesis]:
    """Return the hypotheses that a change goes back to: those recorded, else those that helped and of which it turns every lever."""
    if e.hypotheses:
        return [c.hypotheses[h] for h in e.hypotheses if h in c.hypotheses]
    turned = {name for name, _ in e.change.overrides}
    mine = (h for h in c.hypotheses.values() if {name for name, _ in h.change.overrides} <= turned)
    return [h for h in mine if h.change.patches == () and shown.get(h.id, 0.0) > 0]


def _shown(c: Campaign) -> dict[HypothesisId, float]:
    """Return what each hypothesis showed alone; of those that only shared runs, what these tell of it."""
    told = {s.hypothesis: s.believed.value for s in shared(c)}
    tried = [f for f in c.findings.values() if len(f.hypotheses) == 1 and f.phase is Phase.VALIDATION]
    return told | {f.hypotheses[0]: 0.0 if f.verdict is Verdict.DROPPED else f.effect.value for f in tried}


def _parts(amount: int, count: int) -> Iterator[int]:
    """Yield ``count`` whole parts of ``amount`` that add up to it."""
    return (amount * (n + 1) // count - amount * n // count for n in range(count))
