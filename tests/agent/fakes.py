"""A campaign with something granted, and a provider that does as it is told."""

from dataclasses import dataclass, field
from pathlib import Path

from rea.agent.call import Failed, Reply, Request
from rea.agent.chain import Account
from rea.agent.configuration import Configuration
from rea.campaign.recall import Recall
from rea.domain import event as e
from rea.domain.ids import CampaignId
from rea.domain.plan import Envelope, Policy
from rea.testing.memory import MemoryJournal
from rea.testing.simulation import approval, checklist_of, workload

C = CampaignId("c")
MODEL = Configuration(provider="openai", name="m", price=(1_000_000, 4_000_000))
SECRET = "planted-1f0e9d8c7b6a"


@dataclass(slots=True)
class Scripted:
    """Replies in turn with what it is given: a reply, or a failure to raise."""

    script: list[Reply | Failed | BaseException]
    asked: list[Request] = field(default_factory=list)

    def ask(self, request: Request) -> Reply:
        self.asked.append(request)
        found = self.script.pop(0)
        if isinstance(found, BaseException):
            raise found
        return found


def reply(body: str = "[]", used_in: int | None = 10, used_out: int | None = 5) -> Reply:
    return Reply(body=body, tokens_in=used_in, tokens_out=used_out)


def request(body: str = "{}", most: int = 100) -> Request:
    return Request(role="r", body=body, most_tokens=most)


def account(
    folder: Path, tokens: int = 100_000, micros: int = 10_000_000, model: str = MODEL.terms
) -> tuple[Account, MemoryJournal]:
    """Return the account of a campaign whose engineer granted this much, signature and approval alike."""
    journal = MemoryJournal()
    calls = Envelope(model=model, tokens=tokens, micros=micros)
    opened = e.CampaignOpened(
        campaign=C,
        question="q",
        workload=workload(["a"]),
        repository="/r",
        commit="0" * 40,
        policy=Policy(),
        budget_ms=1000,
        at="2026-01-01T00:00:00+00:00",
        calls=calls,
    )
    shown = checklist_of(opened)
    signed = e.ChecklistSigned(approval=approval(shown.digest, 500, calls))
    journal.append(C, (opened, e.ChecklistRecorded(checklist=shown), signed))
    recall = Recall(campaign=C, journal=journal)
    return Account(campaign=C, journal=journal, state=recall.now, directory=folder), journal


def events(journal: MemoryJournal) -> list[e.Event]:
    return [r.event for r in journal.read(C) if isinstance(r.event, e.CallReserved | e.CallSettled)]
