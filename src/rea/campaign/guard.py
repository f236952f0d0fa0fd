"""The one door: no event that commits compute passes unless signature or approval, budget and scope allow it. Pure."""

from dataclasses import replace

from rea.domain.action import Action, Decision, Submit
from rea.domain.campaign import Campaign
from rea.domain.change import BASELINE
from rea.domain.event import AGENT, Event, JobReserved, Paused, ReplicateCut
from rea.domain.experiment import Phase, Purpose
from rea.domain.job import Job
from rea.domain.ledger import Ledger
from rea.executor.jobs import live
from rea.executor.materialise.paths import may_edit
from rea.planner.arms import measured
from rea.planner.cost import LEAST_CONFIRMATION, likely_ms, reserve_ms
from rea.planner.decide import finishing
from rea.planner.phases.calibration import FEWEST_RUNS


def guard(c: Campaign, wanted: Decision) -> Decision:
    """Return ``wanted`` without what may not be launched; what can never be paid for is dropped, so that the campaign goes on."""
    events: list[Event] = []
    ledger = c.ledger
    for event in wanted.events:
        if not isinstance(event, JobReserved):
            events.append(event)
        elif why := out_of_scope(c, event.job):
            events.append(_pause(c, f"scope:{event.job.id}", f"{event.job.id} is outside what was approved: {why}"))
        elif not permitted(c, event.job) or no_longer_wanted(c, event.job):
            continue
        elif affordable(c, ledger, event.job):
            ledger = replace(ledger, held=ledger.held + event.job.held_ms)
            events.append(event)
        elif not live(c) and ledger.held == 0:
            events.append(_unaffordable(c, event.job))
    return Decision(tuple(events), tuple(a for a in wanted.actions if _allowed(c, a)))


def permitted(c: Campaign, job: Job) -> bool:
    """Whether a person has granted this kind of job: a signed checklist grants calibration, an approved plan the rest."""
    if c.paused or c.stopped or c.ended:
        return False
    calibrating = job.phase is Phase.CALIBRATION and c.signed is not None and (c.shares > 0 or not c.portfolio)
    return (c.approved and c.funded) or calibrating


def no_longer_wanted(c: Campaign, job: Job) -> bool:
    """Whether an engineer asked to go to Confirmation now: nothing more is started to choose by, a second attempt neither."""
    return finishing(c) and job.purpose is Purpose.SELECT


def affordable(c: Campaign, ledger: Ledger, job: Job) -> bool:
    """Whether the job's worst case is free, and unless it confirms, its likely cost without touching what is set aside for Confirmation."""
    if c.noise is None or job.purpose is Purpose.CONFIRM:
        return job.held_ms <= ledger.free
    likely = likely_ms(c, ledger.held + job.held_ms)
    return job.held_ms <= ledger.free and ledger.spent + likely + reserve_ms(c) <= ledger.granted


def out_of_scope(c: Campaign, job: Job) -> str:
    """Return what the job sets that the workload does not declare or allow, or nothing."""
    for name, value in (*job.change.overrides, *job.adjustment.overrides):
        lever = c.setup.lever(name)
        if lever is None:
            return f"{name!r} is no lever of this workload"
        if not lever.admits(value):
            return f"{name}={value!r} is outside the lever's range"
    return _patches_out_of_scope(c, job)


def _patches_out_of_scope(c: Campaign, job: Job) -> str:
    held = {patch.digest: patch for patch in job.change.patches}
    for patch in held.values():
        known = c.patches.get(patch.digest)
        if known is None or known.patch != patch:
            return f"the patch {patch.digest[:8]} did not pass the gate"
        if bad := [p for p in patch.paths if not may_edit(p, c.setup.editable, c.setup.protected)]:
            return f"{bad[0]!r} is not editable"
    turned = {name for name, _ in (*job.change.overrides, *job.adjustment.overrides)}
    for known in c.patches.values():
        if known.patch.digest not in held and (bad := sorted(turned & set(known.patch.levers))):
            return f"{bad[0]!r} is a lever of the patch {known.patch.digest[:8]}, which the job does not hold"
    return ""


def _allowed(c: Campaign, action: Action) -> bool:
    return not isinstance(action, Submit) or permitted(c, action.job)


def _unaffordable(c: Campaign, job: Job) -> Event:
    further = job.purpose is Purpose.CONFIRM and job.index >= LEAST_CONFIRMATION
    spare = job.change != BASELINE or len(measured(c, job.experiment)) >= FEWEST_RUNS
    if further or job.purpose is Purpose.DIAGNOSE or (job.purpose is Purpose.SELECT and spare):
        return ReplicateCut(replicate=job.replicate.key, reason="cut by the budget")
    return _pause(
        c,
        f"budget:{job.id}:{c.ledger.granted}",
        f"the budget does not cover {job.id}: {job.held_ms / 1000:.0f} s have to be held, {c.ledger.free / 1000:.0f} s are free",
    )


def _pause(c: Campaign, command: str, reason: str) -> Paused:
    """Pause once for each time that people let the campaign go on: a name that was recorded before would pause nothing, and be wanted for ever."""
    return Paused(reason=reason, by=AGENT, command=f"{command}:{len(c.commands)}")
