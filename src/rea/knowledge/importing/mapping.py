"""Which lever each parameter of imported runs is: by the lever's name, by its role, or as told. Nothing is guessed silently. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from rea.domain.errors import UsageError
from rea.domain.lever import Lever, LeverType, Role, Scalar
from rea.domain.workload import Workload
from rea.knowledge.importing.runs import Run

IGNORED = ""  # what a parameter is mapped to that is to be passed over though it varies
WORDS = {"true": True, "false": False, "1": True, "0": False, "on": True, "off": False}
ASIDE = ("seed",)  # parameters that are no levers, and known to be none


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """One run on the workload's levers: ``values`` of those that some run speaks of; ``rest`` is what else it varies by."""

    run: Run
    values: tuple[tuple[str, Scalar], ...]
    rest: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """The runs that could be read as settings of levers, and what was left out and why."""

    runs: tuple[Mapped, ...]
    levers: Mapping[str, str]  # parameter to lever
    unmatched: tuple[str, ...]  # parameters that vary and are no lever: runs that differ in them are never compared
    results: tuple[
        str, ...
    ]  # columns of a table that are taken for results, not settings: numbers that hardly ever repeat
    left_out: tuple[tuple[str, int], ...]  # reason, runs


def match(workload: Workload, runs: Sequence[Run], told: Mapping[str, str]) -> Matching:
    """Return the runs on the workload's levers. ``told`` maps parameters to levers, or to nothing where they are to be ignored.

    Raises:
        UsageError: ``told`` names a parameter that no run has, or a lever that the workload has not.
    """
    names = dict.fromkeys(name for run in runs for name in run.parameters)
    _refuse(workload, list(names), told)
    levers = {name: lever.name for name in names if (lever := _lever(workload, name, told)) is not None}
    _refuse_twice(levers)
    varied = {n for n in names if len({str(run.parameters.get(n)) for run in runs}) > 1}
    unknown = [n for n in names if n in varied and n not in levers and n not in ASIDE and told.get(n) != IGNORED]
    results = tuple(n for n in unknown if _is_result(n, runs))
    unmatched = tuple(n for n in unknown if n not in results)
    reasons: Counter[str] = Counter()
    mapped: list[Mapped] = []
    for run in runs:
        values = _values(workload, run, levers)
        if isinstance(values, str):
            reasons[values] += 1
        else:
            rest = tuple((n, str(run.parameters.get(n))) for n in unmatched)
            mapped.append(Mapped(run=run, values=values, rest=rest))
    return Matching(
        runs=tuple(mapped), levers=levers, unmatched=unmatched, results=results, left_out=tuple(reasons.items())
    )


def _is_result(name: str, runs: Sequence[Run]) -> bool:
    values = [run.parameters[name] for run in runs if name in run.parameters]
    return len({str(v) for v in values}) > len(values) / 2 and all(
        name in r.metrics for r in runs if name in r.parameters
    )


def _refuse(workload: Workload, names: Sequence[str], told: Mapping[str, str]) -> None:
    for name, lever in told.items():
        if name not in names:
            near = get_close_matches(name, names, n=3)
            raise UsageError(f"no run has a parameter {name!r}", f"there are: {', '.join(near or names[:20])}")
        if lever != IGNORED and workload.lever(lever) is None:
            known = [v.name for v in workload.levers]
            near = get_close_matches(lever, known, n=3)
            raise UsageError(f"{workload.name} has no lever {lever!r}", f"there are: {', '.join(near or known[:20])}")


def _refuse_twice(levers: Mapping[str, str]) -> None:
    for lever, count in Counter(levers.values()).items():
        if count > 1:
            both = " and ".join(name for name, v in levers.items() if v == lever)
            raise UsageError(
                f"{both} are both taken for the lever {lever}",
                f"say which: --map NAME={lever}, and --map OTHER= to ignore the other",
            )


def _lever(workload: Workload, name: str, told: Mapping[str, str]) -> Lever | None:
    if name in told:
        return workload.lever(told[name])
    if (lever := workload.lever(name)) is not None and lever.name not in told.values():
        return lever
    same = [v for v in workload.levers if v.role is not Role.OTHER and v.role.value == name]
    return same[0] if len(same) == 1 and same[0].name not in told.values() else None


def _values(workload: Workload, run: Run, levers: Mapping[str, str]) -> tuple[tuple[str, Scalar], ...] | str:
    """Return the levers' values in a run, or why it is left out."""
    found: dict[str, Scalar] = {}
    for name, known in levers.items():
        lever = workload.lever(known)
        if name not in run.parameters:
            return f"does not say {name}"
        value = _as(lever, run.parameters[name]) if lever else None
        if value is None or lever is None or not lever.admits(value):
            return f"{name}: a value that the lever {known} does not admit, such as {run.parameters[name]!r}"
        found[known] = value
    return tuple(sorted(found.items()))


def _as(lever: Lever, value: Scalar) -> Scalar | None:
    """Return ``value`` as the lever's type, which other tools keep as text."""
    word = str(value).strip()
    if lever.type is LeverType.BOOL:
        return WORDS.get(word.lower())
    if lever.type is LeverType.CHOICE:
        return next((choice for choice in lever.choices if choice.lower() == word.lower()), None)
    try:
        number = float(word)
    except ValueError:
        return None
    if lever.type is LeverType.INT:
        return int(number) if number.is_integer() else None
    return number
