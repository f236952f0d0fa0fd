"""What imported runs say of moves: configurations that differ in one lever and in nothing else that is known, compared. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose, sqrt
from statistics import fmean, variance

from rea.domain.hypothesis import Effect, Move, Operation
from rea.domain.lever import Lever, LeverType, Scalar
from rea.domain.workload import MetricName, Workload
from rea.knowledge.importing.mapping import Mapped
from rea.statistics.effects import t_quantile

UNKNOWN_SD = 0.005  # of one run, relative, where no configuration was run twice
UNKNOWN_DF = 3.0
LEVEL = 0.95
Values = tuple[tuple[str, Scalar], ...]
Key = tuple[Values, tuple[tuple[str, str], ...]]  # a configuration: its levers, and what else is known to vary


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One effect that follows from runs: of which move, on top of what, from how many of them, and how."""

    move: Move
    change: str
    effect: Effect
    runs: tuple[Mapped, ...]
    how: str


@dataclass(frozen=True, slots=True)
class _Group:
    """Runs of one configuration."""

    runs: tuple[Mapped, ...]
    metric: str

    @property
    def scores(self) -> list[float]:
        return [m.run.metrics[self.metric] for m in self.runs]

    @property
    def mean(self) -> float:
        return fmean(self.scores)


def improvement(metric: MetricName, value: float, reference: float) -> float:
    """Return the relative improvement over ``reference``, positive = better."""
    level = reference - metric.null_value
    return (value - reference) / level if metric.larger_is_better else (reference - value) / level


def contrasts(workload: Workload, runs: Sequence[Mapped], metric: str, ours: MetricName) -> list[Said]:
    """Return the effect of every change of one lever from the value nearest to its default, each against runs that are alike in all else."""
    told: dict[Key, list[Mapped]] = defaultdict(list)
    for m in runs:
        told[m.values, m.rest].append(m)
    groups = {key: _Group(tuple(same), metric) for key, same in told.items()}
    noise = _noise(groups.values(), ours)
    levers = [v for n in dict.fromkeys(n for m in runs for n, _ in m.values) if (v := workload.lever(n)) is not None]
    return [s for v in levers for alike in _alike(groups, v.name) for s in _against(v, alike, ours, noise)]


def _alike(groups: Mapping[Key, _Group], name: str) -> Iterable[Mapping[Scalar, _Group]]:
    """Return the configurations that differ in ``name`` alone, by its value."""
    found: dict[Key, dict[Scalar, _Group]] = defaultdict(dict)
    for (values, rest), group in groups.items():
        others = tuple(v for v in values if v[0] != name)
        found[others, rest][dict(values)[name]] = group
    return found.values()


def _against(
    lever: Lever, alike: Mapping[Scalar, _Group], ours: MetricName, noise: tuple[float, float]
) -> Iterator[Said]:
    reference = nearest(lever, alike)
    base = alike[reference]
    for value, group in alike.items():
        move = moved(lever, reference, value)
        if move is None:
            continue
        mean = improvement(ours, group.mean, base.mean)
        half = t_quantile((1 + LEVEL) / 2, noise[1]) * noise[0] * sqrt(1 / len(group.runs) + 1 / len(base.runs))
        alike_in = [v for v in group.runs[0].values if v[0] != lever.name] + list(group.runs[0].rest)
        rest = ", ".join(f"{n}={v}" for n, v in alike_in)
        yield Said(
            move=move,
            change=f"{lever.name}={value} from {reference}" + (f" with {rest}" if rest else ""),
            effect=Effect(value=mean, low=mean - half, high=mean + half),
            runs=(*group.runs, *base.runs),
            how=f"{len(group.runs)} runs against {len(base.runs)} that differ in nothing else that is known",
        )


def nearest(lever: Lever, values: Mapping[Scalar, object]) -> Scalar:
    """Return the default if it is among ``values``, else the number nearest to it, else the first."""
    if lever.default in values:
        return lever.default
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    default = lever.default
    if numbers and isinstance(default, int | float):
        return min(numbers, key=lambda v: abs(v - default))
    return next(iter(values))


def moved(lever: Lever, start: Scalar, end: Scalar) -> Move | None:
    """Return the move from one value to another: a factor where a lever is counted or logarithmic, else the value it is set to."""
    if start == end:
        return None
    if isinstance(start, bool | str) or isinstance(end, bool | str) or lever.type is LeverType.BOOL:
        return Move(role=lever.role, operation=Operation.SET, operand=end)
    if start > 0 and end > 0 and (lever.log or lever.type is LeverType.INT):
        factor = end / start
        rounded = float(f"{factor:.3g}")
        return Move(
            role=lever.role,
            operation=Operation.MULTIPLY,
            operand=rounded if isclose(factor, rounded, rel_tol=0.01) else factor,
        )
    return Move(role=lever.role, operation=Operation.SET, operand=end)


def _noise(groups: Iterable[_Group], ours: MetricName) -> tuple[float, float]:
    """Return the standard deviation of one run, relative, from configurations that were run more than once, and its degrees of freedom."""
    squares = df = 0.0
    for group in groups:
        if len(group.runs) > 1:
            level = abs(group.mean - ours.null_value)
            squares += variance(group.scores) * (len(group.runs) - 1) / level**2
            df += len(group.runs) - 1
    known = squares + UNKNOWN_DF * UNKNOWN_SD**2
    return sqrt(known / (df + UNKNOWN_DF)), df + UNKNOWN_DF
