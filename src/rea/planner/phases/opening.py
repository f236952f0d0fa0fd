"""How phases are opened, extended and ended: the events all of them use. Pure."""

from collections.abc import Iterable, Sequence

from rea.domain.action import Compare, Decision
from rea.domain.campaign import Campaign, PhaseRecord
from rea.domain.change import Change
from rea.domain.event import PhaseEnded, PhaseOpened, ReplicatesAdded
from rea.domain.evidence import Rows
from rea.domain.experiment import Experiment, Phase, Purpose, Replicate, experiment_id
from rea.domain.ids import ExperimentId, HypothesisId
from rea.planner.arms import pairs_due

LATELY = 200  # replicates, among which those are that run: the others of a long search were compared when they had run
MOST_CUT = 3  # replicates in a row, after which a phase is taken to be out of money


def experiment(c: Campaign, change: Change, fidelity: str, hypotheses: Iterable[HypothesisId] = ()) -> Experiment:
    """Return the experiment that runs ``change`` at ``fidelity``."""
    name = experiment_id(c.workload_digest, change, fidelity)
    return Experiment(id=name, change=change, fidelity=fidelity, hypotheses=tuple(hypotheses))


def fresh(
    c: Campaign, of: ExperimentId, phase: Phase, count: int, purpose: Purpose = Purpose.SELECT
) -> list[Replicate]:
    """Return ``count`` further replicates of an experiment, numbered on from those it has."""
    have = sum(c.replicates[key].purpose is purpose for key in c.runs_of.get(of, ()))
    return [Replicate(experiment=of, index=have + i, purpose=purpose, phase=phase) for i in range(count)]


def opened(
    round_: int, phase: Phase, experiments: Sequence[Experiment], replicates: Sequence[Replicate], reason: str
) -> Decision:
    event = PhaseOpened(
        round=round_, phase=phase, experiments=tuple(experiments), replicates=tuple(replicates), reason=reason
    )
    return Decision(events=(event,))


def added(
    record: PhaseRecord, experiments: Sequence[Experiment], replicates: Sequence[Replicate], reason: str
) -> Decision:
    event = ReplicatesAdded(
        round=record.round,
        phase=record.phase,
        experiments=tuple(experiments),
        replicates=tuple(replicates),
        reason=reason,
    )
    return Decision(events=(event,))


def ended(record: PhaseRecord, reason: str) -> Decision:
    return Decision(events=(PhaseEnded(round=record.round, phase=record.phase, reason=reason),))


def unpaid(c: Campaign, record: PhaseRecord) -> bool:
    """Whether the budget cut the latest replicates of a phase, one after another: asking again would be asking for ever."""
    latest = [key for key in record.replicates[-MOST_CUT:] if c.replicates[key].experiment not in c.dropped]
    return len(latest) == MOST_CUT and not any(key in c.unsettled or c.attempts.get(key) for key in latest)


def busy(c: Campaign, record: PhaseRecord) -> bool:
    """Whether the phase still waits for a job or its score."""
    return any(key in reversed(record.replicates) for key in c.unsettled)  # the latest, as nearly always


def compare(c: Campaign, record: PhaseRecord) -> Decision:
    """Ask for the comparisons that are due, guardrails included; empty when none is. While jobs run, only what ran lately can be due."""
    lately = (c.replicates[key].experiment for key in record.replicates[-LATELY:])
    pairs = pairs_due(c, dict.fromkeys(lately) if busy(c, record) else record.experiments, Purpose.SELECT, Rows.JUDGE)
    return Decision(actions=(Compare(pairs=pairs, guardrails=True),)) if pairs else Decision()
