"""What follows from the events and is kept beside them, in the same transaction: the ledger, open holds, openings of test sets."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, func, select

from rea.domain import event as e
from rea.domain.errors import StaleDecision
from rea.domain.evidence import TestOpening
from rea.domain.ids import CampaignId, Digest
from rea.domain.job import Job
from rea.domain.ledger import Ledger
from rea.domain.plan import Approval
from rea.domain.runbook import EntryVerdict
from rea.store import allowances, portfolios, schema
from rea.store.schema import events, holds, openings, verdicts
from rea.store.schema import ledger as accounts


def open_account(connection: Connection, stream: CampaignId) -> None:
    """Give a new stream a ledger of nothing."""
    connection.execute(accounts.insert().values(stream=stream))
    allowances.open_account(connection, stream)


def project(connection: Connection, stream: CampaignId, seq: int, event: e.Event) -> None:
    """Bring the projections up to date with one event, which is in the events table already.

    The rules are those of the fold in ``rea.campaign``: what refers to something unknown changes nothing, a grant never shrinks.

    Raises:
        sqlalchemy.exc.IntegrityError: the CHECK on the ledger refused.
    """
    match event:
        case e.JobReserved(job=job):
            _hold(connection, stream, job)
        case e.JobEnded() if event.status.state.ended:
            _book(connection, stream, event.job, event.cost_ms)
        case e.CallReserved():
            allowances.hold(connection, stream, event)
        case e.CallSettled():
            allowances.settle(connection, stream, event)
        case e.ChecklistSigned(approval=approval):
            _grant(connection, stream, seq, approval, "ChecklistRecorded", "checklist")
        case e.PlanApproved(approval=approval):
            _grant(connection, stream, seq, approval, "PlanDrafted", "plan")
        case e.PortfolioSigned(approval=approval) | e.PortfolioApproved(approval=approval):
            _grant_all(connection, stream, seq, event, approval)
        case e.Allotted():
            _move(connection, stream, portfolios.allot(connection, stream, event), 0, 0)
        case e.ShareSettled():
            _book(connection, stream, event.member, event.cost_ms)
        case e.ShareGranted(granted_ms=granted):
            _raise(connection, stream, granted)
        case e.ShareReturned():
            left = {"granted": accounts.c.held + accounts.c.spent}
            connection.execute(accounts.update().where(accounts.c.stream == stream).values(**left))
        case e.TestOpened(opening=opening):
            _count(connection, stream, opening)
        case e.EntryJudged():
            row = {"entry": event.entry, "stream": stream, "seq": seq, "replicate": event.replicate}
            connection.execute(verdicts.insert().values(**row, agrees=int(event.agrees)))


def numbered(connection: Connection, event: e.Event) -> None:
    """Raise StaleDecision when ``event`` opens a test set under a number that is not the next one."""
    if isinstance(event, e.TestOpened):
        opened = openings_of(connection, event.opening.data)
        if event.opening.number != opened + 1:
            raise StaleDecision(
                f"opening {event.opening.number} of a test set that was opened {opened} times", "look again"
            )


def openings_of(connection: Connection, data: Digest) -> int:
    """Return how many campaigns opened the test rows of ``data``."""
    found = connection.scalar(select(func.count()).select_from(openings).where(openings.c.data == data))
    return found or 0


def verdicts_of(connection: Connection, entries: Sequence[Digest]) -> dict[Digest, list[EntryVerdict]]:
    """Return what all campaigns say of runbook entries."""
    columns = (verdicts.c.entry, verdicts.c.stream, verdicts.c.replicate, verdicts.c.agrees)
    wanted = select(*columns).where(verdicts.c.entry.in_(entries)).order_by(verdicts.c.stream, verdicts.c.seq)
    found: dict[Digest, list[EntryVerdict]] = {entry: [] for entry in entries}
    for entry, stream, replicate, agrees in connection.execute(wanted):
        found[entry].append(EntryVerdict(campaign=stream, replicate=replicate, agrees=bool(agrees)))
    return found


def ledger_of(connection: Connection, stream: CampaignId) -> Ledger:
    """Return a campaign's ledger; one of nothing for a campaign that is not known."""
    columns = (accounts.c.granted, accounts.c.held, accounts.c.spent, accounts.c.overrun)
    row = connection.execute(select(*columns).where(accounts.c.stream == stream)).one_or_none()
    return Ledger(granted=row[0], held=row[1], spent=row[2], overrun=row[3]) if row else Ledger()


def clear(connection: Connection, stream: CampaignId) -> None:
    """Forget a stream's projections, to be built anew from its events."""
    for table in schema.PROJECTIONS:
        connection.execute(table.delete().where(table.c.stream == stream))
    open_account(connection, stream)


def _hold(connection: Connection, stream: CampaignId, job: Job) -> None:
    connection.execute(_NEW_HOLD, {"stream": stream, "job": job.id, "held": job.held_ms})
    _move(connection, stream, job.held_ms, 0, 0)


def _book(connection: Connection, stream: CampaignId, ended: str, cost_ms: int) -> None:
    """Give back what was held for a job, or by a portfolio for a member, and book what it cost."""
    held = connection.scalar(_END_HOLD, {"of": stream, "ended": ended})
    if held is None:
        return
    within = min(cost_ms, held)
    _move(connection, stream, -held, within, cost_ms - within)


def _move(connection: Connection, stream: CampaignId, held: int, spent: int, overrun: int) -> None:
    connection.execute(_MOVE, {"of": stream, "more_held": held, "more_spent": spent, "more_overrun": overrun})


# made once: putting a statement together takes longer than running it
_NEW_HOLD = holds.insert()
_END_HOLD = (
    holds.delete().where(holds.c.stream == bindparam("of"), holds.c.job == bindparam("ended")).returning(holds.c.held)
)
_MOVE = (
    accounts.update()
    .where(accounts.c.stream == bindparam("of"))
    .values({name: accounts.c[name] + bindparam(f"more_{name}") for name in ("held", "spent", "overrun")})
)


def _grant(connection: Connection, stream: CampaignId, seq: int, approval: Approval, kind: str, prefix: str) -> None:
    """Raise the grant, when what was approved is what was put before the engineer last."""
    before = (events.c.stream == stream, events.c.kind == kind, events.c.seq < seq)
    shown = connection.scalar(select(events.c.key).where(*before).order_by(events.c.seq.desc()).limit(1))
    if shown != f"{prefix}:{approval.subject}":
        return
    if not portfolios.portfolio_of(connection, stream):  # a member's money comes from its portfolio alone
        _raise(connection, stream, approval.granted_ms)
    allowances.grant(connection, stream, approval.calls)


def _grant_all(connection: Connection, stream: CampaignId, seq: int, event: e.Event, approval: Approval) -> None:
    """Raise a portfolio's grant, when what was approved is what was put before the engineer last."""
    kind = "PortfolioOpened" if isinstance(event, e.PortfolioSigned) else "PortfolioPlanned"
    shown = portfolios.shown(connection, stream, seq, kind)
    if shown == approval.subject:
        _raise(connection, stream, approval.granted_ms)


def _raise(connection: Connection, stream: CampaignId, granted_ms: int) -> None:
    lower = (accounts.c.stream == stream, accounts.c.granted < granted_ms)
    connection.execute(accounts.update().where(*lower).values(granted=granted_ms))


def _count(connection: Connection, stream: CampaignId, opening: TestOpening) -> None:
    connection.execute(
        openings.insert().values(data=opening.data, stream=stream, number=opening.number, alpha=opening.alpha)
    )
