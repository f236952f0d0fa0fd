"""Confirmation: a few finalists and the baseline under fresh seeds at full fidelity, then the sealed test rows once. Pure."""

from collections.abc import Iterable, Sequence
from itertools import islice

from rea.domain.action import Compare, Decision, Observed
from rea.domain.campaign import Campaign, PhaseRecord
from rea.domain.change import BASELINE
from rea.domain.event import TestOpened
from rea.domain.evidence import Rows, Safety, TestOpening
from rea.domain.experiment import Phase, Purpose, Replicate
from rea.domain.ids import ExperimentId
from rea.planner.arms import Arm, measured, pairs_due
from rea.planner.cost import LEAST_CONFIRMATION, MARGIN, MOST_CONFIRMATION, confirming_ms, full_ms, holding_for
from rea.planner.fragility import risk_adjusted
from rea.planner.phases.exploitation import full_arms
from rea.planner.phases.opening import added, busy, ended, fresh, opened
from rea.statistics.multiplicity import alpha_for_opening
from rea.statistics.power import detectable

ROUND = 1  # there is one Confirmation, after the last round
CAUTIOUS = 2.0  # standard deviations below its mean that an effect is believed to be at least
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
        return _top_up(c, record) or Decision(events=(TestOpened(opening=_opening(c, observed)),))
    due = pairs_due(c, record.experiments, Purpose.CONFIRM, Rows.TEST)
    if due:
        return Decision(actions=(Compare(pairs=due, rows=Rows.TEST, guardrails=True),))
    return ended(record, "the test rows have been opened once")


def finalists(c: Campaign) -> list[Arm]:
    """Return the arms to confirm: at most the policy's number, those beyond a guardrail or beyond the budget left out.

    Whatever all runs together say of an arm, none is confirmed that was itself measured no better than the baseline. One that looks too
    good to be true has paused the campaign: a person who resumed it wants it confirmed on fresh seeds.
    """
    better = [a for a in full_arms(c) if a.p_positive >= WORTH_CONFIRMING and min(a.mean, a.raw) > 0]
    better.sort(key=risk_adjusted(c), reverse=True)
    # one after another, since of ten thousand only the first few are looked at
    paid = (a for a in better if confirming_ms(c, a.cost_ms) <= c.ledger.free)
    return _sound(c, paid) or _sound(c, better)


def _sound(c: Campaign, ranked: Iterable[Arm]) -> list[Arm]:
    return list(islice((a for a in ranked if not vetoed(c, a.experiment.id)), c.policy.finalists))


def vetoed(c: Campaign, experiment: ExperimentId) -> bool:
    """Whether an earlier finding shows the arm beyond a guardrail."""
    found = [f for p in Phase if (f := c.finding(experiment, p)) is not None]
    return any(g.outcome is Safety.VIOLATED for f in found for g in f.guardrails)


def _open(c: Campaign) -> Decision:
    chosen = named(c, finalists(c))
    if not chosen:
        return opened(ROUND, Phase.CONFIRMATION, (), (), "nothing to confirm")
    baseline = c.experiment_of(BASELINE, c.setup.full.name)
    assert baseline is not None
    names, seeds = [baseline.id, *(a.experiment.id for a in chosen)], _seeds(c, chosen)
    reason = f"{len(chosen)} finalist{'s' if len(chosen) > 1 else ''} and the baseline, {seeds} fresh seeds each"
    return opened(ROUND, Phase.CONFIRMATION, [c.experiments[n] for n in names], _interleaved(c, names, seeds), reason)


def named(c: Campaign, sound: Sequence[Arm]) -> Sequence[Arm]:
    """Return as many of the finalists as leave detectable what is cautiously believed of the first, and at least that one.

    Every further one costs its runs, and by Holm's rule some of the error that the first may spend.
    """
    noise, error = c.calibrated, alpha_for_opening(1, c.policy.alpha)
    for count in range(len(sound), 1, -1):
        seeds = _seeds(c, sound[:count])
        if _paid(c, sound[:count]) < LEAST_CONFIRMATION:
            continue
        least = detectable(noise.sd_of(c.setup.full.name), noise.row_sd, seeds, seeds, alpha=error / count)
        if least <= sound[0].mean - CAUTIOUS * sound[0].sd:
            return sound[:count]
    return sound[:1]


def _seeds(c: Campaign, chosen: Sequence[Arm]) -> int:
    return max(LEAST_CONFIRMATION, min(MOST_CONFIRMATION, _paid(c, chosen)))


def _paid(c: Campaign, chosen: Sequence[Arm]) -> int:
    """Return the fresh seeds an arm, and of the baseline, that what is left pays for."""
    costs = [max(full_ms(c), a.cost_ms) for a in chosen]
    spendable = c.ledger.free - holding_for(c, max(costs))
    return int(spendable / ((sum(costs) + full_ms(c)) * MARGIN))


def _interleaved(c: Campaign, names: Sequence[ExperimentId], seeds: int) -> list[Replicate]:
    """Return fresh replicates, wave by wave, so that a drift of the machine meets every arm alike."""
    draws = [fresh(c, name, Phase.CONFIRMATION, seeds, Purpose.CONFIRM) for name in names]
    return [replicate for wave in zip(*draws, strict=True) for replicate in wave]


def _top_up(c: Campaign, record: PhaseRecord) -> Decision:
    """Add a seed to every arm while what was held back for the worst case pays for it: told by money alone, never by a score."""
    names = [e for e in record.experiments if e not in c.dropped]
    runs = {name: measured(c, name, Purpose.CONFIRM) for name in names}
    if len(names) < 2 or not all(runs.values()) or max(map(len, runs.values())) >= MOST_CONFIRMATION:
        return Decision()
    costs = sorted(max(c.run_cost_ms(job) for job in jobs) for jobs in runs.values())
    held = max(c.jobs[job].job.held_ms for jobs in runs.values() for job in jobs)
    if c.ledger.free < MARGIN * sum(costs[1:]) + held:
        return Decision()
    return added(record, (), _interleaved(c, names, 1), "one more fresh seed each, from what was held back")


def _opening(c: Campaign, observed: Observed) -> TestOpening:
    assert c.checklist is not None
    number = observed.openings + 1
    return TestOpening(data=c.checklist.test_rows, number=number, alpha=alpha_for_opening(number, c.policy.alpha))
