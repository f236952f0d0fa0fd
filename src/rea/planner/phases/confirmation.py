"""Confirmation: a few finalists and the baseline under fresh seeds at full fidelity, then the sealed test rows once. Pure."""

from rea.domain.action import Compare, Decision, Observed
from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE
from rea.domain.event import TestOpened
from rea.domain.evidence import Rows, Safety, TestOpening
from rea.domain.experiment import Phase, Purpose
from rea.domain.ids import ExperimentId
from rea.planner.arms import Arm, pairs_due
from rea.planner.cost import LEAST_CONFIRMATION, MARGIN, MOST_CONFIRMATION, full_ms, holding_for
from rea.planner.phases.exploitation import full_arms
from rea.planner.phases.opening import busy, ended, fresh, opened
from rea.statistics.multiplicity import alpha_for_opening

ROUND = 1  # there is one Confirmation, after the last round
WORTH_CONFIRMING = 0.8  # chance of being better than the baseline that a finalist must have


def step(c: Campaign, observed: Observed) -> Decision:
    """Name the finalists, run them afresh, record the opening, and only then compare on the test rows."""
    record = c.phase(ROUND, Phase.CONFIRMATION)
    if record is None:
        return _open(c)
    if record.ended or busy(c, record):
        return Decision()
    if not record.experiments:
        return ended(record, "no finalist: nothing looked better than the baseline with confidence")
    if c.opening is None:
        return Decision(events=(TestOpened(opening=_opening(c, observed)),))
    due = pairs_due(c, record.experiments, Purpose.CONFIRM, Rows.TEST)
    if due:
        return Decision(actions=(Compare(pairs=due, rows=Rows.TEST, guardrails=True),))
    return ended(record, "the test rows have been opened once")


def finalists(c: Campaign) -> list[Arm]:
    """Return the arms to confirm: at most the policy's number, those beyond a guardrail left out.

    One that looks too good to be true has paused the campaign: a person who resumed it wants it confirmed on fresh seeds.
    """
    sound = [
        a for a in full_arms(c) if a.p_positive >= WORTH_CONFIRMING and a.mean > 0 and not vetoed(c, a.experiment.id)
    ]
    return sound[: c.policy.finalists]


def vetoed(c: Campaign, experiment: ExperimentId) -> bool:
    """Whether an earlier finding shows the arm beyond a guardrail."""
    found = [f for p in Phase if (f := c.finding(experiment, p)) is not None]
    return any(g.outcome is Safety.VIOLATED for f in found for g in f.guardrails)


def _open(c: Campaign) -> Decision:
    chosen = finalists(c)
    if not chosen:
        return opened(ROUND, Phase.CONFIRMATION, (), (), "nothing to confirm")
    baseline = c.experiment_of(BASELINE, c.setup.full.name)
    assert baseline is not None
    names = [baseline.id, *(a.experiment.id for a in chosen)]
    dearest = max([full_ms(c), *(a.cost_ms for a in chosen)])
    spendable = c.ledger.free - holding_for(c, dearest)
    seeds = max(LEAST_CONFIRMATION, min(MOST_CONFIRMATION, int(spendable / (dearest * MARGIN * len(names)))))
    # interleaved, so that a drift of the machine meets every arm alike
    draws = [fresh(c, name, Phase.CONFIRMATION, seeds, Purpose.CONFIRM) for name in names]
    replicates = [replicate for wave in zip(*draws, strict=True) for replicate in wave]
    reason = f"{len(chosen)} finalists and the baseline, {seeds} fresh seeds each"
    return opened(ROUND, Phase.CONFIRMATION, [c.experiments[n] for n in names], replicates, reason)


def _opening(c: Campaign, observed: Observed) -> TestOpening:
    assert c.checklist is not None
    number = observed.openings + 1
    return TestOpening(data=c.checklist.test_rows, number=number, alpha=alpha_for_opening(number, c.policy.alpha))
