"""What a portfolio gives to a member, and what the member gives back."""

from rea.domain import event as e
from rea.domain.campaign import Campaign

FLOOR = 2  # the tranche up to which a member is paid whatever it promises


def sharing(c: Campaign, event: e.Sharing) -> None:
    if not c.portfolio or event.portfolio != c.portfolio:
        return
    match event:
        case e.ShareGranted(number=number, granted_ms=granted) if number == c.shares + 1:
            c.shares = number
            c.ledger = c.ledger.grant(granted)
            c.fed = c.round if number > FLOOR else c.fed
        case e.ShareClosed(reason=reason):
            c.share_closed = c.share_closed or reason
        case e.ShareReturned():
            c.ledger, c.returned = c.ledger.give_back(), True
            c.share_closed = c.share_closed or "given back"
        case _:
            pass
