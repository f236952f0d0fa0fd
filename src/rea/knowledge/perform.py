"""Learning's effects: the experiment logger keeps every experiment where the next campaign looks."""

from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import fmean

from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE, Change
from rea.domain.event import Event, InsightsRecorded
from rea.domain.evidence import Finding, Flag, Verdict
from rea.domain.experiment import Experiment, Phase
from rea.domain.hypothesis import Aim, Effect, Hypothesis, SourceName
from rea.domain.insight import Insight, Shared, Standing
from rea.knowledge.findings import unshrunk
from rea.ports import Ports

UNPREDICTED = Effect(value=0.0, low=0.0, high=0.0)
BATCH = 1000  # insights: two batches add .3 s to the half second of a wake that launches the next runs of finalists


def distil(c: Campaign, ports: Ports, batch: int = 0, shared: Sequence[Shared] = ()) -> tuple[Event, ...]:
    """Keep one insight for each change that has a finding and is not kept yet, or a ``batch`` of those without the finalists'.

    Hypotheses that have none of their own are kept with what ``shared`` runs tell of them, without a verdict.
    """
    finalists, telling = _finalists(c), _telling(c)
    others = [f for change, f in telling.items() if change not in finalists][c.kept :]
    due = others[:BATCH] if batch else [*others, *(f for change, f in telling.items() if change in finalists)]
    at = datetime.fromtimestamp(ports.now(), UTC).isoformat(timespec="seconds")
    insights = tuple(_insight(c, c.experiments[f.experiment], f, at) for f in due)
    own = {str(change) for change in telling} if shared else set()
    told = ((c.hypotheses[s.hypothesis], s) for s in shared)
    insights += tuple(_of_shared(c, h, s, at) for h, s in told if str(h.change) not in own)
    ports.insights.add(insights)
    left = len(others) - len(due) if batch else 0
    return (InsightsRecorded(names=tuple(insight.id for insight in insights), batch=batch, left=left),)


def _telling(c: Campaign) -> dict[Change, Finding]:
    """Return of each change the last finding at the highest fidelity that it ran at, since that knows most."""
    ladder = {f.name: step for step, f in enumerate(c.setup.fidelities)}
    found = sorted(c.findings.values(), key=lambda f: ladder.get(f.fidelity, -1))
    of_change = {c.experiments[f.experiment].change: f for f in found}
    return {change: f for change, f in of_change.items() if change != BASELINE}


def _finalists(c: Campaign) -> set[Change]:
    record = c.phase(1, Phase.CONFIRMATION)
    return {c.experiments[e].change for e in record.experiments} if record else set()


def _insight(c: Campaign, e: Experiment, f: Finding, at: str) -> Insight:
    tested: list[Hypothesis] = [c.hypotheses[h] for h in e.hypotheses if h in c.hypotheses]
    only = tested[0] if len(tested) == 1 else None
    return Insight(
        campaign=c.id,
        setting=c.setting,
        moves=tuple(m for h in tested for m in h.moves),
        change=str(e.change),
        technique=" + ".join(h.technique for h in tested if h.technique),
        source=only.source if only else SourceName.RESEARCH,
        aim=only.aim if only else Aim.QUALITY,
        verdict=f.verdict,
        predicted=only.predicted if only else UNPREDICTED,
        measured=None if f.verdict is Verdict.DROPPED else f.effect,
        seeds=f.seeds,
        cost_ms=sum(c.costs.get(key, 0) for key in c.runs_of.get(e.id, ())),
        expected_ms=c.expected_ms(e),
        run_ms=_run_ms(c, e),
        at=at,
        reason=f.reason,
        untested=Flag.UNTESTED in f.flags,
        raw=unshrunk(c, f),
    )


def _of_shared(c: Campaign, h: Hypothesis, told: Shared, at: str) -> Insight:
    """Runs that it shared are paid for by what was run: the estimate costs nothing of its own."""
    return Insight(
        campaign=c.id,
        setting=c.setting,
        moves=h.moves,
        change=str(h.change),
        technique=h.technique,
        source=h.source,
        aim=h.aim,
        verdict=Verdict.INCONCLUSIVE,
        predicted=h.predicted,
        measured=told.believed,
        seeds=told.runs,
        cost_ms=0,
        at=at,
        reason=f"told from {told.runs} runs that it shared with other ideas: an estimate, no verdict of its own",
        raw=told.raw,
        standing=Standing.SHARED,
    )


def _run_ms(c: Campaign, e: Experiment) -> int:
    """Return the mean cost of the measured runs of an experiment; 0 without one."""
    done = [c.run_cost_ms(job) for key in c.runs_of.get(e.id, ()) if (job := c.scored.get(key)) is not None]
    return round(fmean(done)) if done else 0
