"""Calls of language models: reserved, settled; and the ledgers that follow them."""

from dataclasses import replace

from rea.domain import event as e
from rea.domain.call import CallRecord, name_of
from rea.domain.campaign import Campaign
from rea.domain.plan import Envelope


def calling(c: Campaign, event: e.Calling) -> None:
    name = name_of(event.call, event.attempt)
    known = c.calls.get(name)
    match event:
        case e.CallReserved() if known is None:
            c.calls[name] = CallRecord(
                call=event.call, attempt=event.attempt, role=event.role, tokens=event.tokens, micros=event.micros
            )
            c.tokens = replace(c.tokens, held=c.tokens.held + event.tokens)
            c.money = replace(c.money, held=c.money.held + event.micros)
        case e.CallSettled() if known is not None and not known.settled:
            c.tokens = c.tokens.settle(known.tokens, event.tokens)
            c.money = c.money.settle(known.micros, event.micros)
            c.calls[name] = replace(
                known, settled=True, tokens=event.tokens, micros=event.micros, reply=event.reply, why=event.why
            )
        case _:
            pass


def grant(c: Campaign, calls: Envelope) -> None:
    """Raise what may be asked of a language model to what a person granted."""
    c.tokens, c.money = c.tokens.grant(calls.tokens), c.money.grant(calls.micros)
