"""Optuna's multivariate TPE behind the ``Search`` port: the study is rebuilt from the points, so nothing is kept between calls."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rea.domain.change import Change
from rea.domain.lever import Lever, Scalar
from rea.planner.search.space import Span, spans
from rea.planner.search.telling import telling
from rea.planner.threads import by_one_thread
from rea.ports import Point

if TYPE_CHECKING:
    import optuna

    Distributions = dict[str, optuna.distributions.BaseDistribution]

MOST_TOLD = 500  # its time grows with what it is told, and what it learns hardly
ASKED = 20  # questions to the sampler for each answer wanted, since whole numbers repeat


class OptunaSearch:
    """Refines around ``start``. ``choices``: also vary words and switches, which otherwise stay as they are in ``start``.

    TPE (Bergstra et al., NeurIPS 2011) with joint densities, and a pessimistic value standing in for suggestions of the same batch, so that they
    differ. What ``start`` measured is the best point's effect where no point says it; a point that failed counts as worse than all others.
    """

    def __init__(self, choices: bool = False) -> None:
        self._choices = choices

    @by_one_thread
    def suggest(
        self, levers: Sequence[Lever], start: Mapping[str, Scalar], points: Sequence[Point], count: int, seed: int
    ) -> Sequence[Change]:
        """Return up to ``count`` distinct changes that set every name in ``start`` and were not tried; fewer when the space is used up."""
        space = spans(levers, start, self._choices)
        if not space or count < 1:
            return ()
        distributions = {span.lever.name: _distribution(span) for span in space}
        study = _study(distributions, _history(space, start, points), seed)
        tried = {tuple(start.values()), *(_whole(start, p.change.overrides) for p in points)}
        found: dict[Change, None] = {}
        for _ in range(ASKED * count):
            asked = study.ask(distributions)
            values = {span.lever.name: span.rounded(asked.params[span.lever.name]) for span in space}
            if (whole := _whole(start, values.items())) not in tried:
                found[Change(overrides=tuple(zip(start, whole, strict=True)))] = None
            if len(found) == count:
                break
        return tuple(found)


def _study(
    distributions: "Distributions", history: Sequence[tuple[Mapping[str, Scalar], float]], seed: int
) -> "optuna.Study":
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(n_startup_trials=1, multivariate=True, constant_liar=True, seed=seed)
    study = optuna.create_study(sampler=sampler, direction="maximize")
    study.add_trials([_trial(distributions, values, effect) for values, effect in history])
    return study


def _history(
    space: Sequence[Span], start: Mapping[str, Scalar], points: Sequence[Point]
) -> list[tuple[dict[str, Scalar], float]]:
    """Return what was tried inside the space, and the start, each with its effect."""
    effects = [point.effect for point in points if point.effect is not None]
    best, failed = max(effects, default=0.0), 2 * min(effects, default=0.0) - max(effects, default=0.0) - 0.01
    scored = [(p.change, failed if p.effect is None else p.effect) for p in points]
    inside = [(dict(start) | dict(change.overrides), effect) for change, effect in told_of(scored)]
    known = [(values, effect) for values, effect in inside if _in_space(space, start, values)]
    return known if any(values == dict(start) for values, _ in known) else [(dict(start), best), *known]


def told_of(scored: Sequence[tuple[Change, float]]) -> Sequence[tuple[Change, float]]:
    """Return what the sampler is told; what is few stays in the order in which it came."""
    return scored if len(scored) <= MOST_TOLD else telling(sorted(scored, key=lambda s: -s[1]), MOST_TOLD)


def _in_space(space: Sequence[Span], start: Mapping[str, Scalar], values: Mapping[str, Scalar]) -> bool:
    varied = {span.lever.name for span in space}
    same = all(values[name] == start.get(name) for name in values if name not in varied)
    return same and all(span.holds(values[span.lever.name]) for span in space)


def _trial(distributions: "Distributions", values: Mapping[str, Scalar], effect: float) -> "optuna.trial.FrozenTrial":
    import optuna

    return optuna.create_trial(
        params={name: values[name] for name in distributions}, distributions=distributions, value=effect
    )


def _distribution(span: Span) -> "optuna.distributions.BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if span.choices:
        return CategoricalDistribution(span.choices)
    if span.whole:
        return IntDistribution(int(span.low), int(span.high), log=span.log)
    return FloatDistribution(span.low, span.high, log=span.log)


def _whole(start: Mapping[str, Scalar], overrides: Iterable[tuple[str, Scalar]]) -> tuple[Scalar, ...]:
    """Return the values of all levers of ``start``, in its order; of others there are none in a search."""
    told = dict(overrides)
    return tuple(told.get(name, value) for name, value in start.items())
