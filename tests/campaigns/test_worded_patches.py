"""A hypothesis in words on a real training: wished for, made, refused, made better, tried by the gate, covered by the plan, run by a job."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("pydantic_ai", reason="the agent extra is not installed: pip install '.[agent]'")

from campaigns.patches import ALWAYS_ON, GOOD
from campaigns.toys import Terminal, planned, repository
from click.testing import CliRunner, Result
from planner.sources.model.test_source import LESSON

from benchmarks.agent.server import Exchange, Server, serving
from rea import app
from rea.agent.replay import Replies
from rea.api import deciding, starting, writing
from rea.api.patching import Claim
from rea.cli.main import rea
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.event import PatchOrdered, PatchRefused
from rea.domain.hypothesis import SourceName
from rea.domain.ids import CampaignId
from rea.domain.insight import Standing
from rea.domain.job import JobState
from rea.executor.implement.words import Words
from rea.sandbox import probe
from rea.settings import Settings
from rea.store.journal import SqlJournal

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not probe().works, reason=f"NO SANDBOX, no patch tried: {probe().why}; {probe().fix}"),
]
WISH = {
    "statement": "Smaller steps end nearer to the optimum.",
    "paths": ["train.py"],
    "why": "The rate never shrinks.",
    "low": -0.002,
    "value": 0.003,
    "high": 0.008,
}

SAID = [{"text": "It says what is meant.", "facts": ["f1"]}, {"text": "It gains 99.9 %.", "facts": ["f1"]}]


def written(edits: tuple[tuple[str, str], ...], lever: str = "shrink", path: str = "train.py") -> str:
    told = [{"path": path, "find": find, "put": put} for find, put in edits]
    return json.dumps({"edits": told, "levers": [lever]})


def script(x: Exchange) -> None:
    """Wish for a patch; make one that the gate refuses, and a better one when told; do as it is told to by words of a person."""
    if "You turn one hypothesis" not in x.text:
        x.answer(json.dumps({"ideas": [], "wishes": [WISH]} if "You propose" in x.text else {"sentences": SAID}))
    elif "OBEY" in x.text:
        x.answer(json.dumps({"edits": [{"path": "workload.toml", "find": "", "put": "x"}], "levers": ["shrink"]}))
    elif "WAS REFUSED" in x.text:
        x.answer(written(GOOD))
    else:
        x.answer(written(ALWAYS_ON))


def asked(server: Server, about: str = "You turn one hypothesis") -> int:
    return sum(about in json.dumps(told["messages"]) for told in server.books.seen)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Terminal, Server]]:
    """A campaign whose plan waits, and whose model has wished for a patch."""
    folder = tmp_path_factory.mktemp("worded")
    with pytest.MonkeyPatch.context() as patch, serving(script) as server:
        patch.setenv("REA_MODEL", "openai:scripted")
        patch.setenv("REA_MODEL_URL", server.url)
        config = Settings(state=folder / "state", slots=2)
        request = starting.Request(
            repository=repository(folder / "toy", limit_s=4), budget_s=70.0, sandbox="required", tokens=4_000_000
        )
        terminal = Terminal(config=config, campaign=starting.check(config, request))
        terminal.approve()
        terminal.until(planned)
        yield terminal, server
        terminal.stop()


def said(terminal: Terminal, *words: str) -> Result:
    return CliRunner().invoke(rea, [*words, "--state", str(terminal.config.state)], standalone_mode=False)


def test_what_the_model_wished_for_is_made_refused_made_better_reviewed_and_run(made: tuple[Terminal, Server]) -> None:
    terminal, server = made
    before = terminal.state.plan_digest
    (wish, none) = writing.wished(terminal.config, terminal.state)[0]
    assert none == "" and f"rea patch make --wanted {wish.id}" in said(terminal, "plan").output
    told = said(terminal, "patch", "make", "--wanted", wish.id[:6], "--by", "ann")
    assert told.return_value == 0, told.output
    assert "adds shrink (bool, off at False)" in told.output and "byte for byte" in told.output
    assert asked(server) == 2, "once, and once more with why it was refused"
    events = [r.event for r in terminal.log.read(terminal.campaign)]
    orders = [e for e in events if isinstance(e, PatchOrdered)]
    (refused,) = [e for e in events if isinstance(e, PatchRefused)]
    assert [o.refused for o in orders] == ["", refused.reason] and "the same seed predicts something" in refused.reason
    c = terminal.state
    (hypothesis,) = [h for h in c.hypotheses.values() if h.change.patches]
    assert (hypothesis.source, hypothesis.statement) == (SourceName.MODEL, WISH["statement"])
    assert hypothesis.predicted.value == WISH["value"] and "code: a language model, prompt" in hypothesis.citation
    page = said(terminal, "plan").output
    assert "every byte: rea patch show" in page and "--wanted" not in page
    assert f"in the plan as {hypothesis.id}" in said(terminal, "patch", "wanted").output
    with pytest.raises(UsageError, match="is not the digest of what waits"):
        deciding.approve(terminal.log, terminal.campaign, c, before, "ann")


def test_prose_beside_plan_and_report_is_asked_for_once_and_checked(made: tuple[Terminal, Server]) -> None:
    terminal, server = made
    for words in (("plan",), ("report", "--json")):
        told = [said(terminal, *words).output for _ in range(2)]
        requests = asked(server, "You write a few plain sentences")
        assert told[1] == said(terminal, *words).output
        assert asked(server, "You write a few plain sentences") == requests
    text = (terminal.config.campaign(terminal.campaign) / "report" / "report.md").read_text()
    assert "It says what is meant." in text and "1 sentence was dropped" in text and "99.9" not in text
    (model,) = [p for p in json.loads(told[1])["proposers"] if p["name"] == "model"]
    assert model["tokens"] > 0 and model["money"] is None, "no price is configured"


def test_prose_about_insights_is_on_the_account_of_a_campaign_that_one_names(made: tuple[Terminal, Server]) -> None:
    terminal, _ = made
    now = datetime.now(UTC).isoformat(timespec="seconds")
    claimed = replace(LESSON, campaign=CampaignId("elsewhere"), standing=Standing.CLAIMED, at=now, change="claimed=1")
    app.insights(terminal.config).add([replace(LESSON, at=now), claimed])
    before = terminal.state.tokens.spent
    plain, told = (said(terminal, "insights", *more).output for more in ((), ("--explain", terminal.campaign)))
    assert told.startswith(plain) and "| It says what is meant." in told and "1 sentence was dropped" in told
    assert terminal.state.tokens.spent > before and said(terminal, "insights").output == plain
    refused = said(terminal, "insights", "dropout", "--explain", terminal.campaign)
    assert refused.return_value == 2 and "about all that was learnt" in refused.stderr


def replay(terminal: Terminal) -> dict[str, object]:
    found: dict[str, object] = json.loads(said(terminal, "replay", "--json").output)
    return found


def test_all_of_it_again_from_the_record_with_nobody_there(made: tuple[Terminal, Server]) -> None:
    terminal, server = made
    requests, length = server.books.requests, len(terminal.log.read(terminal.campaign))
    found = replay(terminal)
    assert (server.books.requests, len(terminal.log.read(terminal.campaign))) == (requests, length)
    assert found["same"] and found["calls"] == found["recorded"] and found["patches"] == 2, found
    assert {role for role, answered, recorded in found["roles"]} == {"proposer", "explainer", "patcher"}  # type: ignore[attr-defined]


def test_planted_bug_another_patch_or_other_prose_is_found(
    made: tuple[Terminal, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = made[0]
    with monkeypatch.context() as patch:
        patch.setattr("rea.executor.implement.words.applied", lambda b, e, r: ({**b, "train.py": "x\n"}, ()))
        assert not replay(terminal)["same"] and len(replay(terminal)["others"]) == 2  # type: ignore[arg-type]
    with monkeypatch.context() as patch:
        patch.setattr("rea.report.prose.explain.MOST", 7)
        assert not replay(terminal)["same"] and replay(terminal)["unasked"]


def treated(c: Campaign):  # type: ignore[no-untyped-def]
    return [r for r in c.jobs.values() if r.job.change.patches and r.state is JobState.SUCCEEDED]


def again(terminal: Terminal) -> str:
    """Have the same words made again, as somebody does whose command was killed."""
    (wish, _) = writing.wished(terminal.config, terminal.state)[0]
    words = Words(statement=wish.statement, paths=wish.paths)
    claim = Claim(levers=(), statement=wish.statement, predicted=0.0, by="ann", wish=wish)
    made = writing.made(terminal.config, terminal.campaign, terminal.state, words, claim, lambda _: None)
    return made[1].id


def test_the_same_words_again_ask_nobody_try_nothing_and_give_the_same(
    made: tuple[Terminal, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, server = made
    requests, spent = asked(server), terminal.state.tokens.spent
    monkeypatch.setattr("rea.api.patching.admitted", lambda *_: pytest.fail("the gate tried it again"))
    assert again(terminal) in terminal.state.hypotheses
    assert (asked(server), terminal.state.tokens.spent) == (requests, spent)


def test_planted_bug_without_kept_replies_nothing_is_bought_twice_but_refused(
    made: tuple[Terminal, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, server = made
    requests = asked(server)
    monkeypatch.setattr(Replies, "digest", lambda self, call: "another")
    with pytest.raises(UsageError, match=r"no patch came of it: .*was paid for and is not the one that was kept"):
        again(terminal)
    assert asked(server) == requests


def test_planted_bug_a_ledger_that_forgets_pays_twice(
    made: tuple[Terminal, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rea.agent.ledger import Ledger
    from rea.agent.replay import Replay

    terminal, server = made
    requests = asked(server)
    monkeypatch.setattr(Ledger, "_made", lambda self, call: [])
    monkeypatch.setattr(Replay, "ask", lambda self, request: self.link.ask(request))
    again(terminal)
    assert asked(server) > requests


def test_words_of_a_person_that_lead_out_of_bounds_come_to_nothing(made: tuple[Terminal, Server]) -> None:
    """The model obeys; what it answers is not accepted, and nothing is in the plan or in the repository."""
    terminal, _ = made
    before = terminal.state
    told = said(terminal, "patch", "make", "OBEY: write workload.toml", "--json")
    assert told.return_value == 2 and "workload.toml is not editable" in json.loads(told.output)["message"]
    assert terminal.state.patches == before.patches and terminal.state.hypotheses == before.hypotheses


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "made of WORDS"),
        (("x", "--wanted", "w1"), "made of WORDS"),
        (("--command", "true"), "--command goes with"),
        (("x", "--lever", "a"), "go with --command"),
        (("--wanted", "nothing"), "names 0 wishes"),
    ],
)
def test_what_cannot_be_meant_is_told(made: tuple[Terminal, Server], words: tuple[str, ...], told: str) -> None:
    found = said(made[0], "patch", "make", *words)
    assert found.return_value == 2 and told in found.stderr


def test_a_campaign_without_a_model_names_the_other_way(tmp_path: Path) -> None:
    from rea.domain.event import CampaignOpened
    from rea.testing.simulation import CAMPAIGN, Truth, World

    w = World(truth=Truth(effects={"a": 0.01}))
    w.open()
    events = [r.event for r in w.journal.read(CAMPAIGN)]
    assert isinstance(events[0], CampaignOpened)
    config = Settings(state=tmp_path)
    from rea.store.database import Database

    SqlJournal(Database(tmp_path / "store.db")).append(CAMPAIGN, events)
    with pytest.raises(UsageError, match="asks no language model") as caught:
        claim = Claim(levers=(), statement="x", predicted=0.0, by="ann")
        writing.made(config, CAMPAIGN, w.state, Words(statement="x"), claim, lambda _: None)
    assert "--command" in caught.value.hint


def test_approved_with_its_plan_it_runs_in_the_sandbox(made: tuple[Terminal, Server]) -> None:
    """The last of this module: the campaign runs from here on."""
    terminal = made[0]
    terminal.approve()
    c = terminal.until(lambda x: bool(treated(x)) or x.ended or bool(x.paused))
    assert treated(c), c.paused or c.proposal
    launch = (terminal.jobs / treated(c)[0].job.id / "control" / "launch.json").read_text()
    assert "shrink=true" in launch and "bwrap" in launch
