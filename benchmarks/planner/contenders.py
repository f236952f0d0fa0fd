"""What teams use instead: one factor at a time, random search, Optuna's TPE with median pruning, its GP sampler, and successive halving (ASHA).

Each gets the cell's default, the same spans and the same purse, and hands over the best whole training that it has seen.
"""

import math
import warnings
from collections.abc import Callable, Mapping
from itertools import count, cycle
from random import Random
from typing import TYPE_CHECKING, cast

from benchmarks.planner.cells import Choice, Scale, Span, Value
from benchmarks.planner.levers import default_of
from benchmarks.planner.purse import Purse, Spent
from benchmarks.planner.trainer import WHOLE

if TYPE_CHECKING:
    import optuna

TURNED = 5
GRID = 4  # values that an engineer tries of a scale
SEEDS = 1_000_003  # seeds of one search lie apart from those of another


def one_factor(purse: Purse, spans: Mapping[str, Span], seed: int) -> None:
    """An engineer's way: turn one lever after the other from the best known so far, keep what scores better; always with the same seed."""
    dice = Random(seed)
    names = list(spans)
    dice.shuffle(names)
    best: dict[str, Value] = {}
    lowest = purse.run(best, seed)
    for name in cycle(names):
        for value in _tried(spans[name]):
            if value in (best.get(name), default_of(purse.cell, name)):
                continue
            candidate = best | {name: value}
            found = purse.run(candidate, seed)
            if found < lowest:
                lowest, best = found, candidate


def random_search(purse: Purse, spans: Mapping[str, Span], seed: int) -> None:
    """Independent draws around the default."""
    dice = Random(seed)
    purse.run({}, seed * SEEDS)
    for number in count(1):
        purse.run(_drawn(spans, dice), seed * SEEDS + number)


def tpe(purse: Purse, spans: Mapping[str, Span], seed: int) -> None:
    """Optuna's multivariate TPE (Bergstra et al. 2011) with its median pruner, begun at the default."""
    import optuna

    sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, group=False)
    _ask(purse, spans, seed, sampler, optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=0))


def gp(purse: Purse, spans: Mapping[str, Span], seed: int) -> None:
    """Optuna's Gaussian process sampler, begun at the default."""
    import optuna

    _ask(purse, spans, seed, optuna.samplers.GPSampler(seed=seed), optuna.pruners.NopPruner())


def asha(purse: Purse, spans: Mapping[str, Span], seed: int) -> None:
    """Asynchronous successive halving (Li et al. 2020) over the rungs 1/9, 1/3 and 1, a third promoted; random draws, begun at the default."""
    dice = Random(seed)
    rungs = (0, 1, WHOLE)
    drawn: list[dict[str, Value]] = []
    reached: list[dict[int, float]] = [{}, {}, {}]
    paid: dict[int, float] = {}
    while True:
        number, level = _promoted(reached) or (len(drawn), 0)
        if number == len(drawn):
            drawn.append(_drawn(spans, dice) if drawn else {})
        before = purse.spent
        reached[level][number] = purse.upto(drawn[number], seed * SEEDS + number, rungs[level], paid.get(number, 0.0))
        paid[number] = paid.get(number, 0.0) + purse.spent - before


def _promoted(reached: list[dict[int, float]]) -> tuple[int, int] | None:
    for level in (1, 0):
        best = sorted(reached[level], key=lambda number: reached[level][number])
        for number in best[: len(best) // 3]:
            if number not in reached[level + 1]:
                return number, level + 1
    return None


def _ask(
    purse: Purse,
    spans: Mapping[str, Span],
    seed: int,
    sampler: "optuna.samplers.BaseSampler",
    pruner: "optuna.pruners.BasePruner",
) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    study = optuna.create_study(sampler=sampler, pruner=pruner)
    study.enqueue_trial({name: default_of(purse.cell, name) for name, span in spans.items()})

    def objective(trial: "optuna.Trial") -> float:
        asked = {name: _suggest(trial, name, span, purse) for name, span in spans.items()}
        turned = {name: value for name, value in asked.items() if value != default_of(purse.cell, name)}
        number = seed * SEEDS + trial.number
        paid = 0.0
        value = math.inf
        for rung in range(WHOLE + 1):
            before = purse.spent
            value = purse.upto(turned, number, rung, paid)
            paid += purse.spent - before
            trial.report(value, rung)
            if rung < WHOLE and trial.should_prune():
                raise optuna.TrialPruned
        return value

    while True:  # until the purse is empty
        study.optimize(objective, n_trials=1, catch=())


def _suggest(trial: "optuna.Trial", name: str, span: Span, purse: Purse) -> Value:
    if isinstance(span, Scale):
        return trial.suggest_float(name, span.low, span.high, log=True)
    values = list(dict.fromkeys((default_of(purse.cell, name), *span.values)))
    return cast(Value, trial.suggest_categorical(name, values))


def _drawn(spans: Mapping[str, Span], dice: Random) -> dict[str, Value]:
    """Turn ``TURNED`` levers on average: with all of them turned at once hardly a draw would beat a competent default."""
    share = min(0.5, TURNED / len(spans))
    return {name: _draw(span, dice) for name, span in spans.items() if dice.random() < share}


def _draw(span: Span, dice: Random) -> Value:
    if isinstance(span, Scale):
        return float(math.exp(dice.uniform(math.log(span.low), math.log(span.high))))
    return dice.choice(span.values)


def _tried(span: Span) -> tuple[Value, ...]:
    if isinstance(span, Choice):
        return span.values
    steps = [math.log(span.low) + (math.log(span.high) - math.log(span.low)) * (i + 0.5) / GRID for i in range(GRID)]
    return tuple(float(f"{math.exp(x):.2g}") for x in steps)


CONTENDERS: dict[str, Callable[[Purse, Mapping[str, Span], int], None]] = {
    "ofat": one_factor,
    "random": random_search,
    "tpe": tpe,
    "gp": gp,
    "asha": asha,
}


def search(name: str, purse: Purse, spans: Mapping[str, Span], seed: int) -> None:
    """Let a contender spend its purse."""
    try:
        CONTENDERS[name](purse, spans, seed)
    except Spent:
        return
