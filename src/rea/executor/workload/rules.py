"""What a workload has to be beyond its types. Pure: a typed workload in, the rules that it breaks out."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import PurePosixPath

from rea.domain.workload import Curve, Data, Fidelity, Guardrail, MetricName, Resources, Workload
from rea.executor.workload.argv_rules import command_problems
from rea.executor.workload.lever_rules import lever_problems
from rea.executor.workload.problem import Problem, nearest

CLAIMED = ("latency_us", "model_mb")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def broken_rules(workload: Workload) -> list[Problem]:
    """Return every rule that ``workload`` breaks, in the order of the file."""
    return [
        *_general(workload),
        *command_problems(workload),
        *_data(workload.data),
        *_guardrails(workload),
        *lever_problems(workload.levers),
        *_fidelities(workload),
        *_paths(workload),
        *_resources(workload.resources),
        *_seal(workload),
        *_curve(workload.curve),
    ]


def _curve(curve: Curve | None) -> Iterator[Problem]:
    path = PurePosixPath(curve.path) if curve else None
    if curve is None or path is None:
        return
    if not curve.path or path.is_absolute() or ".." in path.parts:
        yield Problem("[curve]", f"path {curve.path!r} has to lie in {{out}}")
    if curve.step == curve.value or not curve.step or not curve.value:
        yield Problem("[curve]", "step and value have to name two numbers of each line")


def _general(workload: Workload) -> Iterator[Problem]:
    if not _NAME.fullmatch(workload.name):
        yield Problem("", f"name {workload.name!r}: use letters, digits, '.', '_' and '-' only, 64 at most")
    if workload.primary is MetricName.CALIBRATION:
        yield Problem("[metric]", "calibration has no better or worse: make it a guardrail, and ne the primary metric")
    if workload.price_per_hour is not None and workload.price_per_hour < 0:
        yield Problem("[price]", "per_hour is negative")
    if not 0 < workload.largest_plausible_effect <= 1:
        yield Problem("[limits]", "largest_plausible_effect has to lie above 0 and at most at 1")


def _data(data: Data) -> Iterator[Problem]:
    if data.format not in ("parquet", "csv"):
        yield Problem("[data]", f"format is {data.format!r}{nearest(data.format, ('parquet', 'csv'))}")
    for name in ("path", "label", "split"):
        if not getattr(data, name):
            yield Problem("[data]", f"{name!r} is empty")
    columns = [c for c in (data.label, data.split, data.row_id, data.oracle) if c]
    yield from (Problem("[data]", f"the column {c!r} has two meanings") for c in _repeated(columns))
    for column in data.slices:
        if column in (data.label, data.row_id, data.oracle):
            yield Problem("[data]", f"slices: {column!r} is the label, the row id or the oracle")
    for placeholder in ("{path}", "{seed}"):
        if data.generate and not any(placeholder in token for token in data.generate):
            yield Problem("[data]", f"generate has no {placeholder}")


def _guardrails(workload: Workload) -> Iterator[Problem]:
    for at, guardrail in enumerate(workload.guardrails, 1):
        place = f"[[guardrail]] {at} ({guardrail.metric})"
        yield from (Problem(place, text) for text in _guardrail(guardrail, workload))


def _guardrail(guardrail: Guardrail, workload: Workload) -> Iterator[str]:
    known = (*MetricName, "cost", *CLAIMED)
    if guardrail.metric not in known:
        yield f"unknown metric{nearest(guardrail.metric, known)} (one of {', '.join(known)})"
    if guardrail.slice and guardrail.metric not in tuple(MetricName):
        yield "has no slices: only the judge's metrics do"
    sliced = (*workload.data.slices, *filter(None, (workload.data.day,)))
    if guardrail.slice and guardrail.slice not in sliced:
        yield f"slice {guardrail.slice!r} is not among the slices of [data]{nearest(guardrail.slice, sliced)}"
    if guardrail.metric in CLAIMED and not workload.command.claims:
        yield "needs claims in [command]: the JSON file in {out} that holds this number"
    bounded = guardrail.low is not None or guardrail.high is not None
    if bounded == (guardrail.margin is not None):
        yield "state either margin, or low and high"
    if guardrail.margin is not None and guardrail.margin < 0:
        yield "margin is negative"
    if guardrail.low is not None and guardrail.high is not None and guardrail.low >= guardrail.high:
        yield f"low {guardrail.low} is not below high {guardrail.high}"


def _fidelities(workload: Workload) -> Iterator[Problem]:
    rungs = workload.fidelities
    if not rungs:
        yield Problem("", "[[fidelity]] is empty: leave it out, or end with the full run (share = 1.0)")
        return
    yield from (Problem("[[fidelity]]", f"two are called {name!r}") for name in _repeated(f.name for f in rungs))
    for lower, upper in pairwise(rungs):
        if lower.share >= upper.share:
            yield Problem(
                "[[fidelity]]",
                f"{lower.name!r} ({lower.share}) has to come after {upper.name!r} ({upper.share}): cheapest first",
            )
    if rungs[-1].share != 1.0:
        yield Problem(
            f"[[fidelity]] {len(rungs)} ({rungs[-1].name})",
            f"the last is the full run: share 1.0, not {rungs[-1].share}",
        )
    for at, rung in enumerate(rungs, 1):
        yield from (Problem(f"[[fidelity]] {at} ({rung.name})", text) for text in _rung(rung, workload))


def _rung(rung: Fidelity, workload: Workload) -> Iterator[str]:
    if not _NAME.fullmatch(rung.name):
        yield "name: use letters, digits, '.', '_' and '-' only"
    if not 0 < rung.share <= 1:
        yield f"share {rung.share} is not above 0 and at most 1"
    if rung.resumable and not (workload.command.checkpoint and workload.command.resume):
        yield "is resumable, which needs checkpoint and resume in [command]"


def _paths(workload: Workload) -> Iterator[Problem]:
    for path in (*workload.editable, *workload.protected):
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or not path:
            yield Problem("[paths]", f"{path!r} has to be relative to the repository and stay inside it")
    for path in _repeated((*workload.editable, *workload.protected)):
        yield Problem("[paths]", f"{path!r} is stated twice, or as both editable and protected")


def _seal(workload: Workload) -> Iterator[Problem]:
    for path in workload.seal.read:
        if not PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or path == "/":
            yield Problem("[seal]", f"read: {path!r} has to be an absolute path, and not all there is")
    if workload.checks.time_limit_s < 1:
        yield Problem("[tests]", f"time_limit_s is {workload.checks.time_limit_s}: give a whole number of at least 1")


def _resources(resources: Resources) -> Iterator[Problem]:
    for name in ("devices", "memory_mb", "time_limit_s", "silence_limit_s"):
        value = getattr(resources, name)
        if value is not None and value < 1:
            yield Problem("[resources]", f"{name} is {value}: give a whole number of at least 1")


def _repeated(words: Iterable[str]) -> Sequence[str]:
    seen: list[str] = list(words)
    return tuple(dict.fromkeys(word for word in seen if seen.count(word) > 1))
