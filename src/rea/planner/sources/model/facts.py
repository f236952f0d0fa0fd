"""What a proposer is told: typed facts about the workload, what was learnt, what the field knows. No text of strangers. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence

from rea.domain.hypothesis import Effect, Move
from rea.domain.insight import Insight
from rea.domain.lever import Lever, LeverType, Role
from rea.domain.technique import Technique
from rea.planner.wording import percent
from rea.ports import Briefing

MOST_INSIGHTS = 60  # the latest
_WORD = re.compile(r"[\w.+-]{1,40}")


def material(briefing: Briefing, evidence: Mapping[str, str]) -> str:
    """Return the facts, one a line; each that can be rested on begins with its id."""
    told = [*_workload(briefing), *_budget(briefing), *(f"{name}: {said}" for name, said in evidence.items())]
    return "\n".join(told)


def evidence(
    insights: Sequence[Insight], techniques: Sequence[Technique], papers: Mapping[str, str], shuffled: bool = False
) -> dict[str, str]:
    """Return what may be rested on, by id. Of an insight the moves, the verdict and the numbers: its reason quotes logs, so it stays out."""
    learnt = {f"insight:{i.id[:12]}": _insight(i) for i in insights[-MOST_INSIGHTS:] if i.moves and not i.untested}
    if shuffled:  # a placebo: the same lessons under the ids of others
        learnt = dict(zip(learnt, [*learnt.values()][1:] + [*learnt.values()][:1], strict=True))
    return learnt | {f"technique:{t.name}": _technique(t) for t in techniques} | dict(papers)


def plain(move: Move) -> str:
    """Return a move as one word a part: an insight may come from elsewhere, and an operand of many words speaks for others."""
    odd = isinstance(move.operand, str) and not _WORD.fullmatch(move.operand)
    return f"{move.role} = (a text)" if odd else str(move)


def most(insights: Sequence[Insight], techniques: Sequence[Technique]) -> float:
    """Return the largest improvement that was measured or is expected; 1 where nothing is known."""
    measured = [i.measured.high for i in insights if i.measured is not None]
    return max([e for e in (*measured, *(t.effect.high for t in techniques)) if e > 0], default=1.0)


def _workload(briefing: Briefing) -> Iterator[str]:
    w = briefing.workload
    yield f"metric: {w.primary}, {'larger' if w.primary.larger_is_better else 'smaller'} is better; improvements are relative"
    yield from (f"lever {_lever(v, briefing)}" for v in w.levers)
    yield from (f"guardrail: {guardrail}" for guardrail in w.guardrails)
    if w.editable:
        yield f"a patch could touch: {', '.join(w.editable)}"


def _lever(lever: Lever, briefing: Briefing) -> str:
    role = "" if lever.role is Role.OTHER else f", role {lever.role}"
    now = briefing.current.value(lever.name, lever.default)
    changed = f", default {lever.default!r}" if now != lever.default else ""
    span = (
        f"one of {', '.join(lever.choices)}"
        if lever.type is LeverType.CHOICE
        else str(lever.type)
        if lever.type is LeverType.BOOL
        else f"{lever.type} {lever.low} to {lever.high}"
    )
    return f"{lever.name}{role}: {span}, now {now!r}{changed}"


def _budget(briefing: Briefing) -> Iterator[str]:
    noise, full = briefing.noise, briefing.workload.full.name
    yield f"baseline: {noise.baseline:.5g}{f', best reachable {noise.bound:.5g}' if noise.bound is not None else ''}"
    yield f"noise: {100 * noise.sd_of(full):.3g} % between seeds; {100 * noise.detectable:.3g} % can be detected"
    left = "" if briefing.left_ms is None else f"; {briefing.left_ms / 1000:.0f} are left for choosing"
    yield f"cost: one full run takes {noise.cost_of(full) / 1000:.1f} device-seconds{left}"


def _insight(insight: Insight) -> str:
    moves = ", ".join(map(plain, insight.moves))
    measured: Effect | None = insight.measured
    found = percent(measured) if measured is not None else "not measured"
    return (
        f"{moves}: {insight.verdict}, {found}, {insight.seeds} seeds, cost {insight.cost_ms / 1000:.0f} device-seconds"
    )


def _technique(t: Technique) -> str:
    moves = ", ".join(str(move) for move in t.moves) or f"every {t.every}"
    return f"{moves}: expected {percent(t.effect)} at {t.cost:g} times the cost"
