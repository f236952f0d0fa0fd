"""What language models may cost and did: tokens and money beside device time, in the same transaction and under a CHECK of their own."""

from sqlalchemy import Connection, bindparam, select

from rea.domain.call import name_of
from rea.domain.event import CallReserved, CallSettled
from rea.domain.ids import CampaignId
from rea.domain.ledger import Ledger
from rea.domain.plan import Envelope
from rea.store.schema import allowances, call_holds

UNITS = ("tokens", "micros")


def open_account(connection: Connection, stream: CampaignId) -> None:
    """Give a new stream an allowance of nothing in each unit."""
    connection.execute(allowances.insert(), [{"stream": stream, "unit": unit} for unit in UNITS])


def hold(connection: Connection, stream: CampaignId, event: CallReserved) -> None:
    """Hold what a call may cost. Raises sqlalchemy.exc.IntegrityError: the CHECK refused."""
    amounts = {"tokens": event.tokens, "micros": event.micros}
    connection.execute(call_holds.insert().values(stream=stream, call=name_of(event.call, event.attempt), **amounts))
    for unit, amount in amounts.items():
        _move(connection, stream, unit, amount, 0, 0)


def settle(connection: Connection, stream: CampaignId, event: CallSettled) -> None:
    """Give back what was held and book what it cost; what was not held changes nothing."""
    mine = (call_holds.c.stream == stream, call_holds.c.call == name_of(event.call, event.attempt))
    ended = call_holds.delete().where(*mine).returning(call_holds.c.tokens, call_holds.c.micros)
    row = connection.execute(ended).one_or_none()
    if row is None:
        return
    for unit, held, cost in zip(UNITS, row, (event.tokens, event.micros), strict=True):
        _move(connection, stream, unit, -held, min(cost, held), max(0, cost - held))


def grant(connection: Connection, stream: CampaignId, calls: Envelope) -> None:
    """Raise the grants to what a person approved."""
    for unit, amount in zip(UNITS, (calls.tokens, calls.micros), strict=True):
        lower = (allowances.c.stream == stream, allowances.c.unit == unit, allowances.c.granted < amount)
        connection.execute(allowances.update().where(*lower).values(granted=amount))


def ledger_of(connection: Connection, stream: CampaignId, unit: str) -> Ledger:
    """Return a campaign's ledger of one unit; one of nothing for a campaign that is not known."""
    columns = (allowances.c.granted, allowances.c.held, allowances.c.spent, allowances.c.overrun)
    mine = (allowances.c.stream == stream, allowances.c.unit == unit)
    row = connection.execute(select(*columns).where(*mine)).one_or_none()
    return Ledger(granted=row[0], held=row[1], spent=row[2], overrun=row[3]) if row else Ledger()


def _move(connection: Connection, stream: CampaignId, unit: str, held: int, spent: int, overrun: int) -> None:
    more = {"more_held": held, "more_spent": spent, "more_overrun": overrun}
    connection.execute(_MOVE, {"of": stream, "in_unit": unit, **more})


_MOVE = (
    allowances.update()
    .where(allowances.c.stream == bindparam("of"), allowances.c.unit == bindparam("in_unit"))
    .values({name: allowances.c[name] + bindparam(f"more_{name}") for name in ("held", "spent", "overrun")})
)
