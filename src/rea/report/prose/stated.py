"""Facts as a writer is told them: one line each, with the values that its numbers stand for. Pure; no text of logs or of strangers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rea.domain.hypothesis import Effect
from rea.domain.insight import Insight, Standing
from rea.domain.plan import Plan
from rea.planner.sources.model.facts import plain
from rea.report.facts import Facts

MOST_TRIED = 12
MOST_INSIGHTS = 40
SHARE, SECONDS, HOURS, MONEY = "%", "s", "h", "money"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A number in the unit in which it is written. ``good`` is +1 where a positive number is good news, -1 where a negative one is, 0 for a
    plain level; ``up`` says the same of the quantity that a reader would say rose or fell."""

    number: float
    unit: str = ""
    good: int = 0
    up: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """One fact under the name that it is cited by."""

    name: str
    text: str
    values: tuple[Value, ...] = ()


def named(facts: Iterable[tuple[str, tuple[Value, ...]]]) -> tuple[Stated, ...]:
    """Return the facts, numbered."""
    return tuple(Stated(name=f"f{n}", text=text, values=values) for n, (text, values) in enumerate(facts, 1))


def of_report(f: Facts) -> tuple[Stated, ...]:
    """Return what a report says."""
    return named([*_outcome(f), *_tried(f), *_noise(f), *_cost(f)])


def of_plan(plan: Plan, metric: str, sign: int) -> tuple[Stated, ...]:
    """Return what a plan says; ``sign`` is -1 where a smaller ``metric`` is better."""
    return named([*_planned(plan, metric, sign)])


def of_insights(insights: Sequence[Insight], sign: int) -> tuple[Stated, ...]:
    """Return what the latest insights say, without their reasons, which quote logs; what was claimed elsewhere is not among them.

    ``sign`` as of a plan; 0 where they are of several metrics, so that nothing can be said to rise or fall.
    """
    judged = [i for i in insights if i.moves and i.standing is not Standing.CLAIMED]
    return named(_insight(i, sign) for i in judged[-MOST_INSIGHTS:])


def _outcome(f: Facts) -> Iterator[tuple[str, tuple[Value, ...]]]:
    yield f"outcome: {f.launch.state}; metric {f.metric}, {'larger' if f.sign > 0 else 'smaller'} is better", ()
    yield f"{f.jobs} jobs, {len(f.failed)} failed", (_count(f.jobs, "job"), _count(len(f.failed), "failed"))
    for t in f.launch.turns:
        yield (
            f"proposed: {t.name} from {t.now} to {t.proposed}",
            tuple(_plain(x) for x in (t.now, t.proposed) if _is(x)),
        )


def _tried(f: Facts) -> Iterator[tuple[str, tuple[Value, ...]]]:
    for t in [t for t in f.tried if t.measured][:MOST_TRIED]:
        assert t.effect is not None
        told, values = _effect(t.effect, f.sign)
        seeds = _count(t.seeds, "seed")
        yield (
            f"{t.phase}, {t.change}: {t.verdict}, improvement of {f.metric} {told}, {t.seeds} seeds",
            (*values, seeds, *_settings(t.change)),
        )


def _noise(f: Facts) -> Iterator[tuple[str, tuple[Value, ...]]]:
    if f.floor is None:
        return
    sd, least = 100 * f.floor.seed_sd[-1][1], 100 * f.floor.detectable
    yield f"baseline {f.metric} {f.floor.baseline:.5g}", (Value(number=f.floor.baseline),)
    yield f"noise between seeds {sd:.3g} %", (Value(number=sd, unit=SHARE),)
    yield f"smallest effect that this budget detects {least:.3g} %", (Value(number=least, unit=SHARE),)


def _cost(f: Facts) -> Iterator[tuple[str, tuple[Value, ...]]]:
    spent, granted = f.money.spent / 3.6e6, f.money.granted / 3.6e6
    yield (
        f"{spent:.3g} device-hours spent of {granted:.3g} device-hours granted",
        (_in(spent, HOURS), _in(granted, HOURS)),
    )
    yield f"{f.human_touches} acts of people", (_count(f.human_touches, "act"),)
    if f.money.price is not None:
        yield f"{spent * f.money.price:.2f} in money", (_in(spent * f.money.price, MONEY),)


def _planned(plan: Plan, metric: str, sign: int) -> Iterator[tuple[str, tuple[Value, ...]]]:
    count, hours = len(plan.hypotheses), plan.budget_ms / 3.6e6
    yield f"{count} hypotheses, budget {hours:.3g} device-hours", (_count(count, "hypothesis"), _in(hours, HOURS))
    yield f"smallest effect that is detected {100 * plan.detectable:.3g} %", (_in(100 * plan.detectable, SHARE),)
    for h in plan.hypotheses[:MOST_TRIED]:
        told, values = _effect(h.predicted, sign)
        yield f"{h.change}: predicted improvement of {metric} {told}", (*values, *_settings(str(h.change)))
    for p in plan.phases:
        spent = p.cost_ms / 3.6e6
        yield f"{p.phase}: {p.jobs} jobs, {spent:.3g} device-hours", (_count(p.jobs, "job"), _in(spent, HOURS))


def _insight(i: Insight, sign: int) -> tuple[str, tuple[Value, ...]]:
    moves = ", ".join(map(plain, i.moves))
    told, values = _effect(i.measured, sign) if i.measured is not None else ("not measured", ())
    return f"{moves}: {i.verdict}, {told}, {i.seeds} seeds", (*values, _count(i.seeds, "seed"), *_settings(moves))


def _effect(e: Effect, sign: int) -> tuple[str, tuple[Value, ...]]:
    """Return an improvement in percent as text, with the value itself, which has a direction, and its ends, which are levels."""
    ends = (Value(number=100 * e.low, unit=SHARE), Value(number=100 * e.high, unit=SHARE))
    text = f"{100 * e.value:+.3f} % [{100 * e.low:+.3f}, {100 * e.high:+.3f}]"
    return text, (Value(number=100 * e.value, unit=SHARE, good=1, up=sign), *ends)


def _settings(change: str) -> tuple[Value, ...]:
    """Return the numbers that a change sets."""
    words = change.replace("=", " ").replace(",", " ").split()
    return tuple(_plain(word) for word in words if _is(word))


def _is(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


def _plain(text: str) -> Value:
    return Value(number=float(text))


def _count(number: int, noun: str) -> Value:
    return Value(number=number, unit=noun)


def _in(number: float, unit: str) -> Value:
    return Value(number=number, unit=unit)
