"""Several models under one budget: start, approve, stop, and what stands where."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from rea import app, gate
from rea.api import starting
from rea.api.campaigns import named
from rea.api.deciding import SHORTEST_DIGEST
from rea.api.portfolio_file import Entry, Spec
from rea.app import portfolio as waking
from rea.domain import event as e
from rea.domain.campaign import Campaign
from rea.domain.errors import ReaError, UsageError
from rea.domain.ids import CampaignId
from rea.domain.plan import Approval
from rea.domain.portfolio import PREFIX, Member, Portfolio
from rea.settings import Settings
from rea.store.journal import SqlJournal


@dataclass(frozen=True, slots=True)
class Whole:
    """A portfolio with the states of its members, in the order of its file."""

    state: Portfolio
    members: tuple[Campaign, ...]


def start(config: Settings, spec: Spec, budget_s: float, told: Callable[[Campaign], None]) -> CampaignId:
    """Check every member and open the portfolio; nothing but smoke runs is spent. ``told`` is shown each checklist as it is done.

    Raises:
        UsageError: a member is unusable or its checklist does not pass; the others' campaigns are ended, nothing else was opened.
    """
    name = CampaignId(f"{PREFIX}{datetime.now(UTC):%m%d}-{secrets.token_hex(2)}")
    slots = spec.slots or config.slots
    total = sum(entry.weight for entry in spec.members)
    opened: list[CampaignId] = []
    try:
        members = tuple(
            _member(config, entry, name, budget_s * entry.weight / total, slots, opened, told) for entry in spec.members
        )
    except (ReaError, OSError):
        _abandon(config, opened)
        raise
    config.campaign(name).mkdir(mode=0o700, parents=True)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    event = e.PortfolioOpened(
        portfolio=name, members=members, budget_ms=round(budget_s * 1000), slots=slots, dealing=spec.dealing, at=at
    )
    app.journal(config).append(name, (event,))
    return name


def _member(
    config: Settings,
    entry: Entry,
    name: CampaignId,
    share_s: float,
    slots: int,
    opened: list[CampaignId],
    told: Callable[[Campaign], None],
) -> Member:
    request = starting.Request(
        repository=entry.path,
        budget_s=share_s,
        python=entry.python,
        ideas=entry.ideas,
        slots=min(slots, entry.slots or slots),
        question=entry.question,
        backend=entry.backend,
        sandbox=entry.sandbox,
        portfolio=name,
    )
    opened.append(starting.check(config, request))
    c = app.recall_of(config, opened[-1]).now()
    assert c.checklist is not None
    told(c)
    if not c.checklist.passed:
        failing = ", ".join(x.name for x in c.checklist.checks if x.blocking and not x.ok)
        raise UsageError(f"the checklist of {entry.path} does not pass: {failing}", "mend that and start again")
    checked = {"checklist": c.checklist.digest, "allowance_ms": c.checklist.allowance_ms, "share_ms": c.budget_ms}
    return Member(campaign=c.id, workload=c.setup.name, weight=entry.weight, **checked)  # type: ignore[arg-type]


def _abandon(config: Settings, opened: Sequence[CampaignId]) -> None:
    for campaign in opened:
        stopped = e.Stopped(by=e.AGENT, reason="its portfolio was not opened", command="not-opened")
        app.journal(config).append(campaign, (stopped,))


def resolve(journal: SqlJournal, name: str | None) -> CampaignId:
    """Return the portfolio called ``name``, or by an unambiguous beginning of it, the prefix aside; without a name, the newest.

    Raises:
        UsageError: there is none, or more than one.
    """
    known = list(journal.portfolios())
    if not known:
        raise UsageError("there is no portfolio yet", "rea portfolio start FILE: docs/portfolio.md")
    if name is None:
        return known[-1]
    return named(known, name if name.startswith(PREFIX) else PREFIX + name, "portfolio")


def whole(config: Settings, name: CampaignId) -> Whole:
    """Return a portfolio and its members as they stand."""
    p = waking.state_of(app.journal(config), name)
    return Whole(p, tuple(app.recall_of(config, m.campaign).now() for m in p.members))


def approve(config: Settings, p: Portfolio, given: str, by: str) -> Approval:
    """Sign all checklists or approve the page of plans, whichever waits, by (the beginning of) its digest.

    Raises:
        UsageError: nothing waits, or the digest is of something else.
    """
    if not p.waiting:
        raise UsageError("nothing waits for an approval", "see rea portfolio status")
    if len(given) < SHORTEST_DIGEST or not p.waiting.startswith(given):
        raise UsageError(
            f"{given!r} is not the digest of what waits ({p.waiting[:12]}…)", "read it again: rea portfolio plan"
        )
    granted = p.budget_ms if p.signed else sum(m.allowance_ms for m in p.members)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    approval = Approval(subject=p.waiting, by=by, at=at, granted_ms=granted)
    event = e.PortfolioApproved(approval=approval) if p.signed else e.PortfolioSigned(approval=approval)
    app.journal(config).append(p.id, (event,))
    return approval


def stop(config: Settings, p: Portfolio, reason: str, by: str) -> None:
    """End the portfolio and every member: what runs is cancelled, what was learnt is kept."""
    app.journal(config).append(p.id, (e.Stopped(by=by, reason=reason or f"stopped by {by}", command=uuid4().hex),))


def resume(config: Settings, p: Portfolio, by: str) -> None:
    """Go on after a pause of the portfolio itself; a paused member is resumed by its own name.

    Raises:
        UsageError: it is not paused.
    """
    if not p.paused:
        raise UsageError("the portfolio is not paused", "a member is resumed with rea resume -c NAME")
    app.journal(config).append(p.id, (e.Resumed(by=by, command=uuid4().hex),))


def wake(config: Settings, name: CampaignId) -> Whole:
    """Knock: advance the portfolio and its members until nothing is left to do at once."""
    starting.prepare(config)
    gate.main([str(config.state), name])
    return whole(config, name)


def folder(config: Settings, name: CampaignId) -> Path:
    """Return where a portfolio's report is written by default."""
    return config.campaign(name) / "report"
