"""Amounts that a ledger can add up without losing any."""

from rea.domain import event as e
from rea.domain.errors import StoreError

LARGEST = 2**53
"""Milliseconds, 285,000 years: every integer up to here is exact in JSON and in any database."""


def check(event: e.Event) -> None:
    """Raise StoreError when ``event`` moves a negative amount, or one that is too large to add up."""
    match event:
        case e.JobReserved(job=job):
            _check("held_ms", job.held_ms)
        case e.JobEnded(cost_ms=cost):
            _check("cost_ms", cost)
        case e.ChecklistSigned(approval=approval) | e.PlanApproved(approval=approval):
            _check("granted_ms", approval.granted_ms)
            _check("tokens", approval.calls.tokens)
            _check("micros", approval.calls.micros)
        case e.PortfolioSigned(approval=approval) | e.PortfolioApproved(approval=approval):
            _check("granted_ms", approval.granted_ms)
        case e.Allotted(amount_ms=amount) | e.ShareGranted(granted_ms=amount) | e.ShareSettled(cost_ms=amount):
            _check("amount", amount)
        case e.CallReserved(tokens=tokens, micros=micros) | e.CallSettled(tokens=tokens, micros=micros):
            _check("tokens", tokens)
            _check("micros", micros)


def _check(name: str, amount: int) -> None:
    if not 0 <= amount <= LARGEST:
        raise StoreError(f"{name} is {amount}, which is not between 0 and {LARGEST}", "nothing was written")
