"""Each role in turn, killed between its call and the record of what came of it: it neither pays nor decides twice, and replays with nobody there."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytest.importorskip("pydantic_ai", reason="the agent extra is not installed: pip install '.[agent]'")

import msgspec
from agent.fakes import MODEL, C, account, reply
from executor.materialise import toy
from executor.suggestion import cases
from planner.foreign import FOREIGN, briefing
from planner.sources.model.test_ideas import EDITABLE, GOOD
from planner.sources.model.test_paper_facts import FACT, PAPER
from planner.sources.model.test_source import source
from report import campaigns
from report.prose.test_explain import FACTS

from rea.agent.adapter.conversation import Asker
from rea.agent.call import Reply, Request
from rea.agent.chain import Account, chain, recorded_only
from rea.agent.configuration import Key
from rea.agent.question import Model
from rea.agent.replay import Replay
from rea.domain import event as e
from rea.domain.errors import UsageError
from rea.domain.event import Event
from rea.executor.implement.edits import Edit
from rea.executor.implement.words import Words, Written, drafted
from rea.executor.suggestion.reader import ModelReader
from rea.planner.sources.model import paper_facts
from rea.planner.sources.model.design import Review
from rea.planner.sources.model.ideas import Ideas
from rea.planner.sources.model.paper_facts import PaperFacts
from rea.report.prose.explain import Said, Sentence, explain
from rea.report.weighing.weigh import Ground, Reason, Weighed, weigh
from rea.testing.fuse import Killed
from rea.testing.memory import MemoryJournal

TEXT = "VALUE = 'committed'\n"
ANSWERS: dict[str, object] = {
    "reader": cases.FOUND,
    "paper_reader": PaperFacts(facts=(FACT,)),
    "proposer": Ideas(ideas=(GOOD,)),
    "reviewer": Review(),
    "explainer": Said(sentences=(Sentence(text="It is over.", facts=("f1",)),)),
    "weigher": Weighed(prefer="c1", reasons=(Reason(kind=Ground.METRIC, fact="w1"),)),
    "patcher": Written(edits=(Edit(path="pkg/new.py", find="", put="gate = 1\n"),), levers=("gate",)),
}


def patch(model: Model, folder: Path) -> object:
    if not (folder / "repo").exists():
        toy.commit(toy.repository(folder / "repo"))
        toy.workspace(folder / "campaign", folder / "repo")
    from rea.executor.materialise import reopen

    return drafted(reopen(folder / "campaign", toy.workload()), Words(statement="A gate."), model, None)


DECISIONS: dict[str, tuple[Callable[[Model, Path], object], tuple[str, ...]]] = {
    "reader": (lambda m, _: ModelReader(m).read(cases.failed(), cases.workload()), ("reader",)),
    "paper reader": (lambda m, _: paper_facts.read([PAPER], FOREIGN, m), ("paper_reader",)),
    "proposer and reviewer": (lambda m, f: source(m, f).propose(briefing(EDITABLE), 10), ("proposer", "reviewer")),
    "explainer": (lambda m, _: explain(m, "a report", FACTS), ("explainer",)),
    "weigher": (lambda m, _: weigh(m, campaigns.winner().campaign), ("weigher",)),
    "patcher": (patch, ("patcher",)),
}
ROLES = pytest.mark.parametrize("name", DECISIONS)


@dataclass
class Provider:
    """Answers by role, and counts."""

    asked: list[str] = field(default_factory=list)

    def ask(self, request: Request) -> Reply:
        self.asked.append(request.role)
        args = msgspec.json.encode(ANSWERS[request.role]).decode()
        part = {"part_kind": "tool-call", "tool_name": "answer", "args": args, "tool_call_id": "t"}
        message = {"kind": "response", "parts": [part], "timestamp": "2026-01-01T00:00:00Z"}
        return reply(json.dumps([message]), 900, 100)


@dataclass
class Dying:
    """A journal that dies in the first append of a settled call, before or after it is recorded."""

    journal: MemoryJournal
    after: bool

    def append(self, campaign: object, events: Sequence[Event], *, expected: int | None = None) -> int:
        if not any(isinstance(x, e.CallSettled) for x in events):
            return self.journal.append(C, events, expected=expected)
        if self.after:
            self.journal.append(C, events, expected=expected)
        raise Killed("power")


def asker(provider: Provider, a: Account) -> Asker:
    return Asker(chain(provider, MODEL, Key("k"), a, {}, wait=lambda _: None), MODEL)


def killed_once(name: str, folder: Path, after: bool) -> tuple[Provider, Account, MemoryJournal, object]:
    """Return what came of a wake that was killed around the record of its call and taken up again."""
    decide, _ = DECISIONS[name]
    a, journal = account(folder, tokens=10**6, micros=10**9)
    provider = Provider()
    dying = Account(campaign=C, journal=Dying(journal, after), state=a.state, directory=folder)  # type: ignore[arg-type]
    with pytest.raises(Killed):
        decide(asker(provider, dying), folder)
    return provider, a, journal, decide(asker(provider, a), folder)


@pytest.mark.parametrize("after", [False, True])
@ROLES
def test_killed_between_call_and_record_it_neither_pays_nor_decides_twice(
    name: str, after: bool, tmp_path: Path
) -> None:
    decide, roles = DECISIONS[name]
    provider, _, journal, decided = killed_once(name, tmp_path, after)
    assert decided and provider.asked == list(roles), "each was asked once"
    tokens, money = journal.allowances(C)
    assert (tokens.spent, tokens.held, money.held) == (1000 * len(roles), 0, 0)
    never = tmp_path / "never"
    clean, _ = account(never, tokens=10**6, micros=10**9)
    assert decide(asker(Provider(), clean), never) == decided, "as if it had not been killed"


@ROLES
def test_it_decides_the_same_from_the_record_with_nobody_there(name: str, tmp_path: Path) -> None:
    provider, a, journal, decided = killed_once(name, tmp_path, after=True)
    length, heard = len(journal.read(C)), set[str]()
    again = DECISIONS[name][0](Asker(recorded_only(a, {}, heard), MODEL), tmp_path)
    assert again == decided and len(heard) == len(provider.asked) and len(journal.read(C)) == length


@ROLES
def test_planted_bug_without_kept_replies_every_role_is_asked_and_paid_twice(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Replay, "ask", lambda self, request: self.link.ask(request))
    provider, _, journal, _ = killed_once(name, tmp_path, after=False)
    assert provider.asked.count(DECISIONS[name][1][0]) == 2
    assert journal.allowances(C)[0].spent > 1000 * len(DECISIONS[name][1])


def test_after_the_conclusion_prose_and_advice_may_be_asked_for_and_nothing_else(tmp_path: Path) -> None:
    from rea.domain.proposal import Outcome, Proposal

    a, journal = account(tmp_path, tokens=10**6, micros=10**9)
    journal.append(C, (e.Concluded(proposal=Proposal(outcome=Outcome.NO_WINNER, reason="nothing")),))
    provider = Provider()
    for name in DECISIONS:
        try:
            DECISIONS[name][0](asker(provider, a), tmp_path)
        except UsageError as error:
            assert "the campaign is not running" in str(error)
    assert provider.asked == ["explainer", "weigher"]
