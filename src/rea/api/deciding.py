"""What a person decides: sign, approve, amend, reject, pause, resume, steer, stop. Each is one event that names the person."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from rea.api.campaigns import require_open
from rea.api.proposing import hypothesis_named
from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.errors import NotApproved, Undetectable, UsageError
from rea.domain.hypothesis import Hypothesis
from rea.domain.ids import CampaignId, Digest, HypothesisId
from rea.domain.plan import Approval, Envelope
from rea.planner.outlook import outlook
from rea.ports import Journal

SHORTEST_DIGEST = 8
WISHES = ("finish", "drop")


def approve(
    journal: Journal, campaign: CampaignId, c: Campaign, given: str, by: str, calls: Envelope | None = None
) -> Approval:
    """Sign the checklist or approve the plan, whichever waits; ``given`` must be (the beginning of) the digest of exactly that.

    ``calls`` grants a language model less than what waits names, never more.

    Raises:
        Undetectable: the plan that waits cannot detect what it promises itself.
        UsageError: nothing waits, the checklist does not pass, the digest is of something else, ``calls`` goes beyond it, or somebody
            decided a moment before.
    """
    subject, granted, named_calls = _waiting(c)
    calls = named_calls if calls is None else calls
    if not named_calls.covers(calls):
        raise UsageError(f"what waits names {named_calls}; more cannot be granted", "start with --tokens and --money")
    if len(given) < SHORTEST_DIGEST or not subject.startswith(given):
        raise UsageError(
            f"{given!r} is not the digest of what waits ({subject[:12]}…)", "read it again: rea plan, or rea check"
        )
    _detects(c)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    money = 0 if c.portfolio else granted  # a member's comes from its portfolio alone
    approval = Approval(subject=subject, by=by, at=at, granted_ms=money, calls=calls)
    signed = c.signed is None
    event = e.ChecklistSigned(approval=approval) if signed else e.PlanApproved(approval=approval)
    length = journal.append(campaign, (event,))
    if journal.read(campaign, length - 1, 1)[0].event != event:
        _decided_before(journal, campaign, event)
    return approval


def _detects(c: Campaign) -> None:
    """Refuse a plan that waits for nothing but to spend the budget: it could not show even what it promises."""
    if c.signed is None or c.plan is None or c.noise is None:
        return
    seen = outlook(c, c.plan)
    if seen.refused:
        raise Undetectable(seen.refused, seen.advice)


def lowered(c: Campaign, tokens: int | None, money: float | None) -> Envelope:
    """Return what waits names for a language model, with these amounts in its place."""
    _, _, calls = _waiting(c)
    calls = calls if tokens is None else replace(calls, tokens=tokens)
    return calls if money is None else replace(calls, micros=round(money * 1_000_000))


def _decided_before(journal: Journal, campaign: CampaignId, event: e.ChecklistSigned | e.PlanApproved) -> None:
    """Raise where another approval of the same bytes is the one that was recorded."""
    first = next(r.event for r in journal.read(campaign) if r.key == event.key)
    if isinstance(first, e.ChecklistSigned | e.PlanApproved) and first != event:
        raise UsageError(f"already approved by {first.approval.by} at {first.approval.at}", "see rea status")


def _waiting(c: Campaign) -> tuple[Digest, int, Envelope]:
    require_open(c)
    if c.checklist is not None and c.signed is None:
        if not c.checklist.passed:
            failing = ", ".join(check.name for check in c.checklist.checks if check.blocking and not check.ok)
            raise UsageError(f"the checklist does not pass: {failing}", "mend that and run rea check again")
        return c.checklist.digest, c.checklist.allowance_ms, c.checklist.calls.first
    if c.plan is not None and not c.approved:
        return c.plan.digest, c.plan.budget_ms, c.plan.calls
    raise UsageError("nothing waits for an approval", "see rea status")


def amend(
    journal: Journal, campaign: CampaignId, hypothesis: Hypothesis, by: str, replaces: HypothesisId | None
) -> None:
    """Add a hypothesis, or put it in the place of another. The plan is drafted anew, with a new price and digest."""
    _append(
        journal, campaign, lambda c: e.HypothesisAmended(hypothesis=hypothesis, by=by, command=c, replaces=replaces)
    )


def reject(journal: Journal, campaign: CampaignId, c: Campaign, hypothesis: str, reason: str, by: str) -> HypothesisId:
    """Remove a hypothesis before it runs.

    Raises:
        UsageError: there is no such hypothesis.
    """
    found = hypothesis_named(c, hypothesis)
    _append(journal, campaign, lambda x: e.HypothesisRejected(hypothesis=found, by=by, reason=reason, command=x))
    return found


def pause(journal: Journal, campaign: CampaignId, reason: str, by: str) -> None:
    """Launch nothing more until resumed; what runs goes on and is recorded."""
    _append(journal, campaign, lambda x: e.Paused(reason=reason or f"paused by {by}", by=by, command=x))


def resume(journal: Journal, campaign: CampaignId, c: Campaign, by: str) -> None:
    """Go on after a pause.

    Raises:
        UsageError: the campaign is not paused.
    """
    if not c.paused:
        raise UsageError("the campaign is not paused", "see rea status")
    _append(journal, campaign, lambda x: e.Resumed(by=by, command=x))


def steer(journal: Journal, campaign: CampaignId, c: Campaign, wish: str, target: str, by: str) -> None:
    """Ask for something within the approval: ``finish`` (confirm now), or ``drop`` a hypothesis or an experiment.

    Raises:
        UsageError: the wish or its target is unknown.
        NotApproved: there is no approved plan to steer.
    """
    if wish not in WISHES:
        raise UsageError(f"unknown wish {wish!r}", f"one of: {', '.join(WISHES)}")
    if not c.approved:
        raise NotApproved("there is no approved plan to steer", "rea plan, then rea approve")
    if wish == "finish":
        _append(journal, campaign, lambda x: e.Steered(wish=wish, target="", by=by, command=x))
        return
    dropped = [x.id for x in c.experiments.values() if target in (x.id, *x.hypotheses)]
    if not dropped:
        raise UsageError(f"nothing that runs or ran is called {target!r}", "see rea status --json for ids")
    _append(journal, campaign, lambda x: e.Steered(wish=wish, target=target, by=by, command=x))
    journal.append(campaign, tuple(e.ExperimentDropped(experiment=x, reason=f"dropped by {by}") for x in dropped))


def stop(journal: Journal, campaign: CampaignId, reason: str, by: str) -> None:
    """End the campaign: nothing more is launched, what runs is cancelled, what was learnt is kept."""
    _append(journal, campaign, lambda x: e.Stopped(by=by, reason=reason or f"stopped by {by}", command=x))


def _append(journal: Journal, campaign: CampaignId, event: Callable[[str], e.Event]) -> None:
    journal.append(campaign, (event(uuid4().hex),))
