"""Imported runs as insights of lower standing: claims, since no judge scored them. Pure; what was left out is told."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rea.domain.errors import UsageError
from rea.domain.evidence import Verdict
from rea.domain.hypothesis import Aim, SourceName
from rea.domain.ids import CampaignId, Digest, digest
from rea.domain.insight import UNMEASURED, Insight, Setting, Standing
from rea.domain.lever import Role
from rea.domain.workload import MetricName, Workload
from rea.knowledge.importing.contrasts import Said, contrasts
from rea.knowledge.importing.mapping import Matching, match
from rea.knowledge.importing.regression import regress
from rea.knowledge.importing.runs import Archive, Run, Status

UNKNOWN_TIME = "1970-01-01T00:00:00+00:00"  # of runs that do not say when: as old as can be
COMPARABLE = {
    MetricName.NE: (MetricName.NE, MetricName.LOG_LOSS),
    MetricName.LOG_LOSS: (MetricName.NE, MetricName.LOG_LOSS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Where runs come from and how they are to be read: ``metric`` is their name and ours, ``data`` the fingerprint if it is known."""

    kind: str
    place: str
    metric: tuple[str, str]
    levers: Mapping[str, str]
    experiment: str = ""
    data: str = ""

    @property
    def campaign(self) -> CampaignId:
        """The name under which all that comes from this place is kept: bringing it in again replaces it."""
        return CampaignId(f"import-{self.kind}-{digest(self.kind, self.place, self.experiment)[:10]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What an import comes to."""

    campaign: CampaignId
    insights: tuple[Insight, ...]
    runs: int
    used: int
    matched: Mapping[str, str]
    unmatched: tuple[str, ...]
    left_out: tuple[str, ...]
    remarks: tuple[str, ...]


def bring(workload: Workload, archive: Archive, asked: Asked) -> Brought:
    """Return the insights that runs come to on this workload's levers, and what was left out.

    Raises:
        UsageError: the metric is not there or not comparable, or nothing matches.
    """
    theirs, ours = asked.metric[0], _ours(workload, asked.metric[1])
    usable, left_out = _usable(archive.runs, theirs)
    settings = [_without_results(run, theirs) for run in usable]
    matching = match(workload, settings, asked.levers)
    if not matching.levers:
        names = list(dict.fromkeys(n for r in archive.runs for n in r.parameters))
        raise UsageError(
            f"no parameter is called like a lever or a role: {', '.join(names[:20])}",
            "say which is which: --map THEIRS=LEVER",
        )
    said = contrasts(workload, matching.runs, theirs, ours)
    told = {s.move.role for s in said}
    if not matching.unmatched:
        said += [s for s in regress(workload, matching.runs, theirs, ours) if s.move.role not in told]
    spoken = [s for s in said if s.move.role is not Role.OTHER]
    reasons = [*left_out, *(f"{n} runs: {reason}" for reason, n in matching.left_out)]
    if len(spoken) < len(said):
        reasons.append(f"{len(said) - len(spoken)} effects of levers without a role, which mean nothing elsewhere")
    return Brought(
        campaign=asked.campaign,
        insights=tuple(_insight(workload, s, asked) for s in spoken),
        runs=len(archive.runs),
        used=len({m.run.id for s in spoken for m in s.runs}),
        matched=matching.levers,
        unmatched=matching.unmatched,
        left_out=tuple(reasons),
        remarks=(*archive.remarks, *_remarks(workload, matching, said)),
    )


def _ours(workload: Workload, name: str) -> MetricName:
    if name not in list(MetricName):
        raise UsageError(
            f"{name!r} is no metric of ours", f"--metric THEIRS=OURS, ours one of: {', '.join(MetricName)}"
        )
    ours = MetricName(name)
    if ours not in COMPARABLE.get(workload.primary, (workload.primary,)):
        raise UsageError(
            f"effects on {ours} say nothing of {workload.primary}, the primary metric",
            "import a metric that is the primary one",
        )
    return ours


def _usable(runs: Sequence[Run], metric: str) -> tuple[list[Run], list[str]]:
    finished = [r for r in runs if r.status is Status.FINISHED]
    scored = [r for r in finished if r.metrics.get(metric) is not None]
    if not scored:
        names = list(dict.fromkeys(n for r in finished for n in r.metrics))
        raise UsageError(
            f"no finished run has the metric {metric!r}",
            f"--metric THEIRS=OURS; theirs: {', '.join(names[:20]) or 'none'}",
        )
    ended = Counter(r.status for r in runs)
    told = [
        f"{ended[s]} {s} runs: why is not known, so nothing is learnt from them"
        for s in (Status.FAILED, Status.UNFINISHED)
        if ended[s]
    ]
    return scored, told + (
        [f"{len(finished) - len(scored)} runs without {metric}"] if len(scored) < len(finished) else []
    )


def _without_results(run: Run, metric: str) -> Run:
    """Return a run without its metric among its parameters, where a table holds both."""
    kept = {n: v for n, v in run.parameters.items() if n != metric}
    return Run(
        id=run.id,
        parameters=kept,
        metrics=run.metrics,
        status=run.status,
        seed=run.seed,
        at=run.at,
        seconds=run.seconds,
    )


def _remarks(workload: Workload, matching: Matching, said: Sequence[Said]) -> list[str]:
    told = set(matching.levers.values())
    silent = [v.name for v in workload.levers if v.name not in told]
    remarks = (
        [f"{len(silent)} levers that no run speaks of: taken as held constant, whatever they were"] if silent else []
    )
    if matching.results:
        remarks.append(
            f"taken for results, since their numbers hardly repeat, and passed over: {', '.join(matching.results)}"
        )
    if not said and matching.unmatched:
        remarks.append(
            "no two configurations differ in one lever alone while unmatched parameters stay the same: map them, or ignore them with --map NAME="
        )
    elif not said:
        remarks.append("no two configurations differ in one lever alone, and the runs are too few for a regression")
    return remarks


def _is_time(text: str) -> bool:
    try:
        return bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def _insight(workload: Workload, said: Said, asked: Asked) -> Insight:
    times = [m.run.at for m in said.runs if _is_time(m.run.at)]
    architecture = next((v.name for v in workload.with_role(Role.ARCHITECTURE)), "")
    shared = {str(dict(m.values).get(architecture, "")) for m in said.runs}
    default = next((str(v.default) for v in workload.with_role(Role.ARCHITECTURE)), workload.name)
    model = shared.pop() if len(shared) == 1 and "" not in shared else default
    return Insight(
        campaign=asked.campaign,
        setting=Setting(workload=workload.name, model=model, data=Digest(asked.data or asked.campaign)),
        moves=(said.move,),
        change=said.change,
        technique="",
        source=SourceName.HISTORY,
        aim=Aim.QUALITY,
        verdict=Verdict.INCONCLUSIVE,
        predicted=UNMEASURED,
        measured=said.effect,
        raw=said.effect,
        seeds=len(said.runs),
        cost_ms=round(1000 * sum(m.run.seconds for m in said.runs)),
        at=max(times, default=UNKNOWN_TIME),
        reason=f"claimed, not judged: {said.how}",
        standing=Standing.CLAIMED,
        origin=" ".join(part for part in (asked.kind, asked.place, asked.experiment) if part),
    )
