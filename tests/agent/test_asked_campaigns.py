"""Whole campaigns that ask a model: killed anywhere they neither pay nor decide twice; without key, network or library they go on alone."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("pydantic_ai", reason="the agent extra is not installed: pip install '.[agent]'")

from agent.fakes import reply

from benchmarks.agent.campaign import BUDGET_S, ENVIRONMENT, SHORT, TRUTH
from benchmarks.agent.role import GOOD, Asking
from rea.agent import connect
from rea.agent.adapter.conversation import Asker
from rea.agent.call import Reply, Request
from rea.agent.chain import Account, chain
from rea.agent.configuration import Configuration, Key
from rea.agent.question import NoModel, Question
from rea.agent.replay import Replay
from rea.domain.campaign import Campaign
from rea.domain.plan import Envelope
from rea.testing.fuse import Fuse, Killed
from rea.testing.simulation import CAMPAIGN, World

MADE = Configuration(provider="openai", name="m", price=(1_000_000, 1_000_000))
CALLS = Envelope(model=MADE.terms, tokens=200_000, micros=200_000)
ROOT = Path(__file__).parents[2]


class Provider:
    """Answers well and counts what it was asked. Each call touches the fuse before and after."""

    def __init__(self, fuse: Fuse) -> None:
        self.fuse, self.asked = fuse, Counter[str]()

    def ask(self, request: Request) -> Reply:
        self.fuse.touch("provider:before")
        self.asked[request.call] += 1
        part = {"part_kind": "tool-call", "tool_name": "answer", "args": GOOD, "tool_call_id": "t"}
        message = {"kind": "response", "parts": [part], "timestamp": "2026-01-01T00:00:00Z"}
        self.fuse.touch("provider:after")
        return reply(json.dumps([message]), 900, 100)


def world(folder: Path, burns: object = lambda _: False) -> tuple[World, Provider]:
    fuse = Fuse(burns)  # type: ignore[arg-type]
    w = World(truth=TRUTH, budget_s=BUDGET_S, policy=SHORT, calls=CALLS, fuse=fuse)
    provider = Provider(fuse)
    account = Account(campaign=CAMPAIGN, journal=w.ports.journal, state=lambda: w.state, directory=folder)
    way = chain(provider, MADE, Key("planted-1f0e9d8c7b6a"), account, ENVIRONMENT, wait=lambda _: None)
    w.minds = (Asking(Asker(way, MADE)),)
    return w, provider


def through_kills(w: World) -> Campaign:
    w.open()
    for _ in range(3000):
        try:
            w.wake()
        except Killed:
            continue
        if w.state.ended:
            return w.state
        w.approve()
        w.pass_time()
    raise AssertionError(w.state.paused)


def outcome(c: Campaign) -> list[tuple[str, str, float]]:
    return sorted(
        (str(c.experiments[f.experiment].change), f"{f.phase}:{f.verdict}", f.raw) for f in c.findings.values()
    )


def touches_of_calls(folder: Path) -> tuple[list[int], World]:
    """Return at which touches of the fuse a call is under way, and the campaign that was never killed."""
    names: list[str] = []

    class Noting(Fuse):
        def touch(self, point: str = "") -> None:
            names.append(point)
            super().touch(point)

    w, provider = world(folder)
    noting = Noting(lambda _: False)
    w.fuse = provider.fuse = noting
    account = Account(campaign=CAMPAIGN, journal=w.ports.journal, state=lambda: w.state, directory=folder)
    way = chain(provider, MADE, Key("planted-1f0e9d8c7b6a"), account, ENVIRONMENT, wait=lambda _: None)
    w.minds = (Asking(Asker(way, MADE)),)
    w.run()
    near = [i + 1 + d for i, name in enumerate(names) if name.startswith("provider") for d in range(-3, 4)]
    return sorted(set(near)), w


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[int], World]:
    return touches_of_calls(tmp_path_factory.mktemp("clean"))


def test_a_campaign_asks_and_what_it_proposes_is_tested(clean: tuple[list[int], World]) -> None:
    c = clean[1].state
    assert any(str(h.change) == "a=0.5" for h in c.hypotheses.values())
    assert c.tokens.spent > 0 < c.money.spent
    assert c.proposal is not None


def test_it_asks_while_a_wake_recalls_as_a_real_one_does(clean: tuple[list[int], World], tmp_path: Path) -> None:
    w, provider = world(tmp_path)
    w.open()
    memory = w.memory()
    account = Account(campaign=CAMPAIGN, journal=w.ports.journal, state=memory.now, directory=tmp_path)
    w.minds = (Asking(Asker(chain(provider, MADE, Key("k"), account, ENVIRONMENT), MADE)),)
    while not memory.now().ended:
        w.wake(memory)
        w.approve(memory)
        w.pass_time()
    assert outcome(memory.now()) == outcome(clean[1].state)
    assert memory.now() == w.state


def test_killed_around_any_call_it_ends_the_same_and_pays_at_most_once_more(
    clean: tuple[list[int], World], tmp_path: Path
) -> None:
    near, expected = clean
    assert len(near) >= 5
    for at in near:
        w, provider = world(tmp_path / str(at), lambda n, at=at: n == at)
        c = through_kills(w)
        assert outcome(c) == outcome(expected.state), f"killed at touch {at}"
        assert set(provider.asked) == {r.call for r in expected.state.calls.values()}
        assert max(provider.asked.values()) <= 2
        assert sum(provider.asked.values()) <= len(provider.asked) + 1
        assert c.tokens.held == c.money.held == 0
        paid = sum(provider.asked.values()) * 1000
        assert c.tokens.spent >= paid, "what was asked is paid"


def test_killed_after_every_reply_nothing_is_paid_for_ever(tmp_path: Path) -> None:
    """A process that dies in every call asks for each reply twice in all, and then goes on without."""
    w, provider = world(tmp_path)
    real = provider.ask

    def dying(request: Request) -> Reply:
        real(request)
        raise Killed("power")

    provider.ask = dying  # type: ignore[method-assign]
    c = through_kills(w)
    assert c.ended
    assert set(provider.asked.values()) == {2}


def test_planted_bug_without_kept_replies_a_killed_campaign_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Replay, "ask", lambda self, request: self.link.ask(request))
    w, provider = world(tmp_path)
    w.open()
    for _ in range(2000):
        w.fuse.burns = lambda n: False
        w.wake()
        if provider.asked:
            break
        w.pass_time()
    way = w.minds[0].model.link  # type: ignore[attr-defined]
    request = next(iter(provider.asked))
    assert way.link.replies.digest(request) == ""


# ---- nothing there -------------------------------------------------------------------------------------------------------

SCRIPT = """
import sys
from pathlib import Path
{block}
from rea.agent import connect
from rea.agent.chain import Account
from rea.agent.configuration import Configuration, recorded
from benchmarks.agent.role import Asking
from rea.domain.plan import Envelope, Policy
from rea.testing.simulation import CAMPAIGN, Truth, World
TRUTH = Truth(effects=dict(a=0.02, b=0.012, c=-0.01))
SHORT, BUDGET_S = Policy(seed=7, calibration_seeds=2, looks=(1, 2), finalists=1), 2400.0
made = Configuration(provider={provider!r}, name="m", timeout_s=5.0)
w = World(truth=TRUTH, budget_s=BUDGET_S, policy=SHORT, calls=Envelope(model=made.terms, tokens=10**6))
account = Account(campaign=CAMPAIGN, journal=w.journal, state=lambda: w.state, directory=Path(sys.argv[1]))
import rea.agent.retry
rea.agent.retry.time.sleep = lambda _: None
model = connect.connect(made, account, {environment!r})
if {asks!r}:
    w.minds = (Asking(model),)
c = w.run()
print(c.proposal.outcome, c.tokens.spent, len(c.calls), "pydantic_ai" in sys.modules)
"""
BLOCK = """
def closed(event, args):
    if event in ("socket.connect", "socket.getaddrinfo") and not str(args[1:]).startswith("('/"):
        raise OSError("there is no network")
sys.addaudithook(closed)
"""


def run(
    folder: Path, *before: str, block: str = "", provider: str = "openai", key: bool = True, asks: bool = True
) -> str:
    environment = {"OPENAI_API_KEY": "k-planted", "ANTHROPIC_API_KEY": "k", "GOOGLE_API_KEY": "k"} if key else {}
    script = SCRIPT.format(block=block, provider=provider, environment=environment, asks=asks)
    paths = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    done = subprocess.run(
        [*before, sys.executable, "-c", script, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths, "HOME": str(folder)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google"])
def test_without_network_a_campaign_finds_what_it_finds_alone_and_pays_nothing(provider: str, tmp_path: Path) -> None:
    assert run(tmp_path, block=BLOCK, provider=provider).startswith("winner 0 ")


def test_in_a_namespace_without_network_too(tmp_path: Path) -> None:
    alone = ("unshare", "-rn")
    if subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        pytest.skip("unshare -rn is not allowed here: allow user namespaces to test without any network")
    assert run(tmp_path, *alone).startswith("winner 0 ")


def test_without_a_key_nothing_is_reserved_and_no_library_is_loaded(tmp_path: Path) -> None:
    assert run(tmp_path, block=BLOCK, key=False) == "winner 0 0 False"


def test_a_campaign_that_asks_no_model_loads_no_library_for_one(tmp_path: Path) -> None:
    assert run(tmp_path, block=BLOCK, asks=False) == "winner 0 0 False"


def test_without_the_library_there_is_a_model_that_answers_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "find_spec", lambda name: None)
    account = Account(campaign=CAMPAIGN, journal=World(truth=TRUTH).journal, state=Campaign, directory=tmp_path)
    question: Question[object] = Question(role="r", instructions="i", material="m", answer=object)
    for model in (connect.connect(MADE, account, {}), connect.replaying(MADE, account, {}, set())):
        answer = model.ask(question)
        assert answer.value is None
        assert "not installed" in answer.why
    assert NoModel().ask(question).value is None
