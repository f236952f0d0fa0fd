"""The common budget as the journals hold it: in memory and in the database by the same laws."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rea.campaign.portfolio.evolve import evolve, replay
from rea.domain import event as e
from rea.domain.errors import OverBudget, StaleDecision, UsageError
from rea.domain.ids import CampaignId, Digest
from rea.domain.ledger import Ledger
from rea.domain.plan import Approval
from rea.domain.portfolio import PREFIX, Dealing, Member, MemberPlan
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.store.rebuild import rebuild
from rea.testing.memory import MemoryJournal
from rea.testing.portfolio import SharedLog
from rea.testing.simulation import Truth, World

P = CampaignId(f"{PREFIX}p")
M = CampaignId("m")
Make = Callable[[], SharedLog]


@pytest.fixture(params=["memory", "database"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> SharedLog:
    return MemoryJournal() if request.param == "memory" else SqlJournal(Database(tmp_path / "store.db"))


def opened(journal: SharedLog, slots: int = 1) -> None:
    """Open a portfolio of one member, signed and approved for 1,000 s."""
    checklist = World(truth=Truth(effects={"a": 0.01}), budget_s=1000.0, journal=journal, name=M).check(P)
    member = Member(
        campaign=M, workload="w", weight=1.0, checklist=checklist.digest, allowance_ms=500_000, share_ms=1_000_000
    )
    event = e.PortfolioOpened(
        portfolio=P, members=(member,), budget_ms=1_000_000, slots=slots, dealing=Dealing(), at=""
    )
    page = e.PortfolioPlanned(
        plans=(MemberPlan(campaign=M, plan=Digest("d"), floor_ms=1),), budget_ms=1, dealing=Dealing()
    )
    signed = e.PortfolioSigned(approval=approval(event.digest, 500_000))
    journal.append(P, (event, signed, page, e.PortfolioApproved(approval=approval(page.digest, 1_000_000))))


def approval(subject: Digest, granted_ms: int) -> Approval:
    return Approval(subject=subject, by="ann", at="2026-01-01T00:00:00+00:00", granted_ms=granted_ms)


def allotted(number: int, amount_ms: int, member: CampaignId = M) -> e.Allotted:
    return e.Allotted(member=member, number=number, amount_ms=amount_ms, expected=0.0, reason="")


def ledger(journal: SharedLog, stream: CampaignId) -> Ledger:
    found: Ledger = journal.ledger(stream)  # type: ignore[attr-defined]
    return found


def granted(number: int, amount_ms: int) -> e.ShareGranted:
    return e.ShareGranted(portfolio=P, number=number, granted_ms=amount_ms)


def test_a_portfolio_is_no_campaign(journal: SharedLog) -> None:
    opened(journal)
    assert journal.campaigns() == (M,)


def test_no_more_is_allotted_than_was_approved(journal: SharedLog) -> None:
    opened(journal)
    journal.append(P, (allotted(1, 400_000), allotted(2, 600_000)))
    with pytest.raises(OverBudget):
        journal.append(P, (allotted(3, 1),))
    assert ledger(journal, P) == Ledger(granted=1_000_000, held=1_000_000)


def test_an_approval_of_something_else_grants_nothing(journal: SharedLog) -> None:
    opened(journal)
    journal.append(P, (e.PortfolioApproved(approval=approval(Digest("other"), 9_000_000)),))
    assert ledger(journal, P).granted == 1_000_000


def test_a_member_is_granted_what_is_held_for_it_and_no_more(journal: SharedLog) -> None:
    opened(journal)
    with pytest.raises(OverBudget, match="does not hold"):
        journal.append(M, (granted(1, 1),))
    journal.append(P, (allotted(1, 300_000),))
    with pytest.raises(OverBudget, match="does not hold"):
        journal.append(M, (granted(1, 300_001),))
    journal.append(M, (granted(1, 300_000),))
    assert ledger(journal, M).granted == 300_000


def test_its_own_signature_gives_a_member_no_money(journal: SharedLog) -> None:
    opened(journal)
    checklist = next(r.event for r in journal.read(M) if isinstance(r.event, e.ChecklistRecorded)).checklist
    journal.append(M, (e.ChecklistSigned(approval=approval(checklist.digest, 500_000)),))
    assert ledger(journal, M).granted == 0


def test_what_comes_back_is_free_again_and_nothing_is_settled_before_it_has_come_back(journal: SharedLog) -> None:
    opened(journal)
    journal.append(P, (allotted(1, 300_000),))
    journal.append(M, (granted(1, 300_000),))
    with pytest.raises(StaleDecision, match="may still spend"):
        journal.append(P, (e.ShareSettled(member=M, cost_ms=100),))
    journal.append(M, (e.ShareReturned(portfolio=P),))
    journal.append(P, (e.ShareSettled(member=M, cost_ms=100),))
    assert ledger(journal, M).granted == 0
    assert ledger(journal, P) == Ledger(granted=1_000_000, spent=100)
    with pytest.raises(OverBudget, match="does not hold"):
        journal.append(M, (granted(2, 1),))


def test_the_ledgers_are_rebuilt_from_the_events(tmp_path: Path) -> None:
    database = Database(tmp_path / "store.db")
    journal = SqlJournal(database)
    opened(journal)
    journal.append(P, (allotted(1, 300_000),))
    journal.append(M, (granted(1, 300_000),))
    before = journal.ledger(P), journal.ledger(M)
    rebuild(database)
    assert (journal.ledger(P), journal.ledger(M)) == before
    assert journal.portfolios() == (P,)


def test_every_event_told_again_after_every_prefix_changes_nothing(journal: SharedLog) -> None:
    opened(journal)
    journal.append(
        P, (allotted(1, 300_000), e.MemberReleased(member=M, reason="x"), e.ShareSettled(member=M, cost_ms=5))
    )
    told = [r.event for r in journal.read(P)] + [
        e.Stopped(by="a", reason="b", command="c"),
        e.PortfolioConcluded(reason="z"),
    ]
    for i in range(1, len(told) + 1):
        state = replay(told[:i])
        assert all(evolve(state, event) == state for event in told[:i])


def test_a_database_refuses_an_unknown_portfolio() -> None:
    from rea.api.portfolio import resolve

    with pytest.raises(UsageError, match="no portfolio yet"):
        resolve(_Nothing(), None)  # type: ignore[arg-type]


class _Nothing:
    def portfolios(self) -> tuple[CampaignId, ...]:
        return ()
