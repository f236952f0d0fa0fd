"""What the final stack owes to each of its parts, which parts act on each other, and what is redundant: told from all full runs together. Pure.

All estimates are the planner's belief (``belief.py``) with 95 % intervals. They are no verdicts: those come from runs of their own and, for
what is launched, from Confirmation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE, Change, conflict, override, part_of
from rea.domain.diagnosis import Fault
from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Effect, Hypothesis
from rea.domain.insight import Shared
from rea.planner.arms import measured
from rea.planner.belief import Mixed
from rea.planner.screening import joined, mixed
from rea.statistics.interaction import Kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Z = NormalDist().inv_cdf(0.975)
HOPEFUL = 0.8  # chance of helping alone above which an idea that was left out wants a reason
LEARNT = 0.1  # of what was known beforehand: less than that more is nothing learnt
MOST_PAIRS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What the stack loses without one part. ``apart`` is how many runs there were of the stack without it."""

    part: Change
    adds: Effect
    apart: int

    @property
    def says(self) -> str:
        if self.adds.low > 0:
            return "carries"
        return "harms" if self.adds.high < 0 else "not shown to add anything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What two parts give together beyond the sum of both."""

    first: Change
    second: Change
    beyond: Effect
    together: int  # runs that held both

    @property
    def kind(self) -> Kind:
        return Kind.SYNERGY if self.beyond.low > 0 else Kind.CONFLICT if self.beyond.high < 0 else Kind.ADDITIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """An idea that looks good alone and is not in the stack: what it is believed to give alone, and on top of the stack (None: it cannot be)."""

    hypothesis: Hypothesis
    alone: Effect
    on_top: Effect | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """The stack and what is known of its inside; ``clashes`` names what cannot be, or failed, together."""

    stack: Change
    parts: tuple[Part, ...]
    pairs: tuple[Pair, ...]
    left: tuple[Left, ...]
    clashes: tuple[str, ...]


def anatomy(c: Campaign, stack: Change) -> Anatomy | None:
    """Return what is known of the inside of ``stack``; None where no full run was compared, or nothing is stacked."""
    now = mixed(c) if c.noise is not None else None
    if now is None or (stack := turned(c, stack)) == BASELINE:
        return None
    return Anatomy(
        stack=stack,
        parts=tuple(sorted(_parts(c, now, stack), key=lambda p: -p.adds.value)),
        pairs=tuple(sorted(_pairs(c, now, stack), key=lambda p: -abs(p.beyond.value))[:MOST_PAIRS]),
        left=tuple(_left(c, now, stack)),
        clashes=tuple(_clashes(c)),
    )


def shared(c: Campaign) -> tuple[Shared, ...]:
    """Return what shared runs tell of each hypothesis that was never measured alone at full fidelity."""
    alone = {
        f.hypotheses[0] for f in c.findings.values() if len(f.hypotheses) == 1 and f.verdict is not Verdict.DROPPED
    }
    found = [(h, runs) for h in c.hypotheses.values() if h.id not in alone and (runs := _runs(c, h.change))]
    now = mixed(c) if found and c.noise is not None else None
    if now is None:
        return ()
    told = (_shared(now, h, runs) for h, runs in found)
    return tuple(s for s in told if s is not None)


def settings(change: Change) -> list[Change]:
    """Return each setting and each patch of a change by itself; a patch's lever comes with its patch, without which there is nothing to turn."""
    turns = [
        Change(overrides=(o,), patches=tuple(p for p in change.patches if o[0] in p.levers)) for o in change.overrides
    ]
    used = {p for one in turns for p in one.patches}
    return [*turns, *(Change(patches=(p,)) for p in change.patches if p not in used)]


def turned(c: Campaign, change: Change) -> Change:
    """Return ``change`` without what it sets to where it stands anyway."""
    defaults = {lever.name: lever.default for lever in c.setup.levers}
    return Change(overrides=tuple(o for o in change.overrides if defaults.get(o[0]) != o[1]), patches=change.patches)


def _shared(now: Mixed, h: Hypothesis, runs: int) -> Shared | None:
    """Take out again what was believed beforehand: what is left is what the runs say."""
    (mean,), ((variance,),) = now.joint([h.change])
    (before,), (spread,) = now.before([h.change])
    learnt = 1 / variance - 1 / spread
    if learnt * spread < LEARNT:
        return None
    raw = (mean / variance - before / spread) / learnt
    return Shared(
        hypothesis=h.id, believed=_interval(mean, sqrt(variance)), raw=_interval(raw, 1 / sqrt(learnt)), runs=runs
    )


def _parts(c: Campaign, now: Mixed, stack: Change) -> Iterable[Part]:
    for part in settings(stack):
        rest = removed(stack, part)
        (adds,) = _contrasts(now, [stack, rest], [[1, -1]])
        without = c.experiment_of(rest, c.setup.full.name)  # the baseline, where the stack is of one part
        yield Part(part=part, adds=adds, apart=len(measured(c, without.id)) if without else 0)


def _pairs(c: Campaign, now: Mixed, stack: Change) -> Iterable[Pair]:
    for one, other in combinations(settings(stack), 2):
        both = override(one, other)
        # two levers of one patch both bring it: it counts once
        common = Change(patches=tuple({*one.patches} & {*other.patches}))
        (beyond,) = _contrasts(now, [both, one, other, common], [[1, -1, -1, 1]])
        yield Pair(first=one, second=other, beyond=beyond, together=_runs(c, both))


def _left(c: Campaign, now: Mixed, stack: Change) -> Iterable[Left]:
    """Yield what looks good alone and was left out, with the reason: it clashes with the stack, or adds nothing on top of it."""
    for h in c.hypotheses.values():
        if part_of(h.change, stack) or not _runs(c, h.change):
            continue
        clash = [name for name, value in h.change.overrides if dict(stack.overrides).get(name, value) != value]
        with_it = joined(stack, h.change)
        alone, on_top = _contrasts(now, [h.change, with_it, stack], [[1, 0, 0], [0, 1, -1]])
        if _chance(alone) < HOPEFUL or on_top.low > 0:
            continue
        if clash:
            yield Left(
                hypothesis=h, alone=alone, on_top=on_top, reason=f"turns {', '.join(clash)} otherwise than the stack"
            )
        else:
            yield Left(
                hypothesis=h, alone=alone, on_top=on_top, reason="redundant: not shown to add anything to the stack"
            )


def _clashes(c: Campaign) -> Iterable[str]:
    """Yield what cannot be together: it turns one lever differently, or it failed together and was looked into."""
    turned: dict[str, list[Hypothesis]] = {}
    for h in c.hypotheses.values():
        for name, _ in h.change.overrides:
            turned.setdefault(name, []).append(h)
    for name, rivals in sorted(turned.items()):
        values = dict.fromkeys(f"{h.change.value(name, '')}" for h in rivals)
        if any(conflict(a.change, b.change) for a, b in combinations(rivals, 2)):
            yield f"{name}: only one of {', '.join(values)}"
    for found in c.diagnoses.values():
        if found.fault is Fault.CHANGE and len(settings(found.minimal)) > 1:
            yield f"fails together: {found.minimal}"


def removed(stack: Change, part: Change) -> Change:
    """Return ``stack`` without one of its ``settings``. A patch goes with the last of its levers, and never before them."""
    names = {name for name, _ in part.overrides} or {name for p in part.patches for name in p.levers}
    kept = tuple(o for o in stack.overrides if o[0] not in names)
    held = {name for name, _ in kept}
    return Change(
        overrides=kept, patches=tuple(p for p in stack.patches if p not in part.patches or held & set(p.levers))
    )


def _contrasts(now: Mixed, changes: Sequence[Change], weights: Sequence[Sequence[float]]) -> list[Effect]:
    """Return weighted sums of true effects with their intervals; the baseline among ``changes`` is no effect."""
    import numpy as np

    mean, covariance = now.joint(changes)
    rows = np.array(weights, dtype=float)
    values, variances = rows @ mean, np.einsum("ij,jk,ik->i", rows, covariance, rows)
    return [_interval(float(v), sqrt(max(0.0, float(s)))) for v, s in zip(values, variances, strict=True)]


def _interval(value: float, sd: float) -> Effect:
    return Effect(value=float(value), low=float(value - Z * sd), high=float(value + Z * sd))


def _chance(e: Effect) -> float:
    sd = (e.high - e.low) / (2 * Z)
    return NormalDist().cdf(e.value / sd) if sd > 0 else float(e.value > 0)


def _runs(c: Campaign, part: Change) -> int:
    """Return how many judged full runs held ``part``."""
    full = c.setup.full.name
    held = (e for e in c.experiments.values() if e.fidelity == full and part_of(part, e.change))
    return sum(len(measured(c, e.id)) for e in held)
