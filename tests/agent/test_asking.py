"""A question over real HTTP to a scripted server, in every output mode: an answer that was checked, or none and why."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import pytest
from agent.fakes import MODEL, SECRET, C, account, events

from rea.agent.chain import Account, chain, recorded_only
from rea.agent.configuration import Configuration, Key, Output
from rea.agent.question import Answer, Question
from rea.domain.errors import UsageError

pytest.importorskip("pydantic_ai", reason="the agent extra is not installed: pip install '.[agent]'")

import msgspec

from benchmarks.agent.server import Exchange, Script, Server, serving
from rea.agent.adapter.conversation import MOST_TURNS, Asker
from rea.agent.adapter.provider import Provider


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    colour: Colour
    weight: float


GOOD = json.dumps({"colour": "red", "weight": 0.5})
MODES = pytest.mark.parametrize("mode", list(Output))


def question(**more: object) -> Question[Choice]:
    plain: Question[Choice] = Question(
        role="r", instructions="Choose.", material="red or blue", answer=Choice, most_tokens=50
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def asked(server: Server, folder: Path, mode: Output = Output.TOOL, timeout_s: float = 5.0) -> tuple[Asker, Account]:
    made = msgspec.structs.replace(MODEL, url=server.url, output=mode, timeout_s=timeout_s, price=None)
    a, _ = account(folder, tokens=1_000_000, model=made.terms)
    return Asker(chain(Provider(made, Key(SECRET)), made, Key(SECRET), a, {}, wait=lambda _: None), made), a


def ask(script: Script, folder: Path, mode: Output = Output.TOOL, **more: object) -> tuple[Answer[Choice], Server]:
    with serving(script) as server:
        return asked(server, folder, mode)[0].ask(question(**more)), server


@MODES
def test_an_answer_is_a_plain_checked_value(mode: Output, tmp_path: Path) -> None:
    answer, server = ask(lambda x: x.answer(GOOD), tmp_path, mode)
    assert answer.value == Choice(colour=Colour.RED, weight=0.5)
    assert (answer.tokens, server.books.requests) == (server.books.billed_tokens, 1)
    assert len(answer.call) == 64
    assert server.books.seen[0].get("max_completion_tokens", server.books.seen[0].get("max_tokens")) == 50


@MODES
def test_what_is_wrong_is_told_and_the_second_try_counts(mode: Output, tmp_path: Path) -> None:
    def script(x: Exchange) -> None:
        x.answer(GOOD if "not accepted: too heavy" in x.text else json.dumps({"colour": "red", "weight": 9}))

    answer, server = ask(script, tmp_path, mode, check=lambda c: "too heavy" if c.weight > 1 else "")
    assert answer.value is not None
    assert server.books.requests == 2


@MODES
def test_it_is_told_at_most_as_often_as_the_question_allows(mode: Output, tmp_path: Path) -> None:
    answer, server = ask(lambda x: x.answer(GOOD), tmp_path, mode, check=lambda _: "never good", tries=3)
    assert answer.value is None
    assert "never good" in answer.why
    assert server.books.requests == 3


@MODES
@pytest.mark.parametrize(
    "bad", ['{"colour":"green","weight":1}', '{"colour":"red"}', '{"colour":"red","weight":NaN}', "[]"]
)
def test_what_has_not_the_form_asked_for_is_no_answer(mode: Output, bad: str, tmp_path: Path) -> None:
    answer, _ = ask(lambda x: x.answer(bad), tmp_path, mode)
    assert answer.value is None
    assert "no usable answer in 2 tries" in answer.why


def read_page(page: int) -> str:
    """Read a page."""
    if page > 1:
        raise UsageError("there is one page", "ask for page 1")
    return "blue is cheaper"


@MODES
def test_tools_read_and_what_they_refuse_is_told(mode: Output, tmp_path: Path) -> None:
    def script(x: Exchange) -> None:
        if "there is one page" not in x.text:
            x.call("read_page", '{"page": 7}')
        elif "blue is cheaper" not in x.text:
            x.call("read_page", '{"page": 1}')
        else:
            x.answer(GOOD)

    answer, server = ask(script, tmp_path, mode, tools=(read_page,))
    assert answer.value is not None
    assert server.books.requests == 3


def test_asking_for_tools_for_ever_ends(tmp_path: Path) -> None:
    answer, server = ask(lambda x: x.call("read_page", '{"page": 1}'), tmp_path, tools=(read_page,))
    assert answer.value is None
    assert server.books.requests == MOST_TURNS


def test_a_tool_that_does_not_exist_does_nothing(tmp_path: Path) -> None:
    answer, server = ask(lambda x: x.call("approve", "{}"), tmp_path, tools=(read_page,))
    assert answer.value is None
    assert "there is no tool of this name" in json.dumps(server.books.seen[-1])


Check = Callable[[Answer[Choice], Server, Account], None]


@pytest.mark.parametrize(
    ("script", "requests"),
    [
        (lambda x: x.send(b"{}", status=429), 3),
        (lambda x: x.send(b"{}", status=401), 1),
        (lambda x: x.send(b"", status=302, location="http://127.0.0.1:1/"), 1),
    ],
)
def test_what_nobody_answered_costs_nothing(script: Script, requests: int, tmp_path: Path) -> None:
    with serving(script) as server:
        asker, a = asked(server, tmp_path)
        assert asker.ask(question()).value is None
    assert server.books.requests == requests
    assert a.state().tokens.spent == 0


@pytest.mark.parametrize(
    "script",
    [
        lambda x: x.send(b"{}", status=500),
        lambda x: x.send(b"<html>", kind="text/html"),
        lambda x: x.send(b" " * 10_000_000),
        lambda x: x.gzipped(b" " * 10_000_000),
        lambda x: x.send(b'{"choices"', length=5000),
        lambda x: x.send(b""),
    ],
)
def test_a_reply_that_may_have_been_generated_is_paid_and_asked_for_once_more(script: Script, tmp_path: Path) -> None:
    with serving(script) as server:
        asker, a = asked(server, tmp_path)
        assert asker.ask(question()).value is None
    assert server.books.requests == 2
    assert a.state().tokens.spent > 0
    assert a.state().tokens.held == 0


@pytest.mark.parametrize("script", [lambda x: x.stop.wait(20), lambda x: x.drip(20)])
def test_a_server_that_hangs_or_drips_is_left_in_time(script: Script, tmp_path: Path) -> None:
    with serving(script) as server:
        asker, _ = asked(server, tmp_path, timeout_s=0.3)
        answer = asker.ask(question())
    assert "no reply within 0.3 s" in answer.why
    assert server.books.requests == 2


def test_a_provider_that_is_down_is_left_alone_after_two_failures_and_not_after_wrong_answers(tmp_path: Path) -> None:
    with serving(lambda x: x.send(b"", status=500)) as server:
        asker, _ = asked(server, tmp_path)
        whys = [asker.ask(question(material=str(n))).why for n in range(4)]
        assert server.books.requests == 4
        assert "failed 2 times in a row" in whys[2] == whys[3]
        server.script = lambda x: x.answer("{}")
        asker.failures = 0
        assert all("no usable answer" in asker.ask(question(material=f"again {n}")).why for n in range(4))


def test_it_can_be_asked_from_inside_an_event_loop(tmp_path: Path) -> None:
    async def inside(asker: Asker) -> Answer[Choice]:
        return asker.ask(question())

    with serving(lambda x: x.answer(GOOD)) as server:
        assert asyncio.run(inside(asked(server, tmp_path)[0])).value is not None


def test_nobody_there_costs_nothing(tmp_path: Path) -> None:
    with serving(lambda x: None) as server:
        pass
    asker, a = asked(server, tmp_path)
    assert "not reached" in asker.ask(question()).why
    assert a.state().tokens.spent == 0


def test_the_same_question_again_asks_nobody_and_gives_the_same(tmp_path: Path) -> None:
    with serving(lambda x: x.answer(GOOD)) as server:
        asker, a = asked(server, tmp_path)
        first = asker.ask(question())
        assert asker.ask(question()) == first
        assert server.books.requests == 1
    assert asker.ask(question()) == first
    alone = Asker(recorded_only(a, {}), asker.configuration)
    assert alone.ask(question()).value == first.value
    assert "no such call was recorded" in alone.ask(question(material="green?")).why


def test_a_key_goes_to_the_server_and_nowhere_else(tmp_path: Path) -> None:
    with serving(lambda x: x.answer(json.dumps({"colour": x.key, "weight": 1}))) as server:
        asker, a = asked(server, tmp_path)
        answer = asker.ask(question(material=f"the key is {SECRET}"))
    assert server.books.keys == {f"Bearer {SECRET}"}
    sent = json.dumps(server.books.seen)
    kept = "".join(p.read_text() for p in tmp_path.rglob("*") if p.is_file())
    assert SECRET not in sent + kept + repr(a.journal.read(C)) + repr(answer) + repr(asker)


CLAIMED = {"colour": "red", "weight": 0.5}
OTHERS = {
    "anthropic": {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "some-model",
        "content": [{"type": "tool_use", "id": "t1", "name": "answer", "input": CLAIMED}],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 10, "output_tokens": 5},
    },
    "google": {
        "candidates": [
            {
                "content": {"role": "model", "parts": [{"functionCall": {"name": "answer", "args": CLAIMED}}]},
                "finishReason": "STOP",
            }
        ],
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
    },
}


@pytest.mark.parametrize("provider", OTHERS)
def test_other_providers_answer_in_their_own_words(provider: str, tmp_path: Path) -> None:
    with serving(lambda x: x.send(json.dumps(OTHERS[provider]).encode())) as server:
        made = Configuration(provider=provider, name="some-model", url=server.url.removesuffix("/v1"), timeout_s=5.0)
        a, _ = account(tmp_path, model=made.terms)
        answer = Asker(chain(Provider(made, Key(SECRET)), made, Key(SECRET), a, {}), made).ask(question())
    assert answer.value == Choice(colour=Colour.RED, weight=0.5)
    assert answer.tokens == 15


@pytest.mark.parametrize("provider", OTHERS)
def test_other_providers_are_asked_in_their_own_words_and_fail_as_quietly(provider: str, tmp_path: Path) -> None:
    with serving(lambda x: x.send(b"{}", status=500)) as server:
        base = server.url.removesuffix("/v1")
        made = Configuration(provider=provider, name="some-model", url=base, timeout_s=5.0)
        a, journal = account(tmp_path, model=made.terms)
        way = chain(Provider(made, Key(SECRET)), made, Key(SECRET), a, {}, wait=lambda _: None)
        answer = Asker(way, made).ask(question())
    assert answer.value is None
    assert len(events(journal)) == 4
