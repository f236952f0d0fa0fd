"""Broken providers: in every output mode a campaign has to end on the embedded engine, and nothing may be sold beyond what was granted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.agent.campaign import ENVIRONMENT, SECRET, Setting, world
from benchmarks.agent.roles import GOOD, Material, calm
from benchmarks.agent.server import Exchange, Script, serving
from rea.agent.configuration import Output
from rea.domain.campaign import Campaign
from rea.testing.simulation import CAMPAIGN, World

SLOW = ("hangs", "a slow drip")
TIMEOUT_S = 0.25  # against these
SMALL = 60_000  # tokens: a few calls and no more
TYPES = '{"ideas": [{"set": "much", "statement": null, "value": {}}], "doubts": 7, "facts": [[]], "cause": 1}'
DEEP = "[" * 50_000


def _usage(usage: object) -> Script:
    return lambda x: x.answer(GOOD, usage=usage)


def _in_turn(*scripts: Script) -> Script:
    return lambda x: scripts[(x.number - 1) % len(scripts)](x)


def _billed(tokens: int, then: Script) -> Script:
    def script(x: Exchange) -> None:
        x.bill(tokens)
        then(x)

    return script


def _hang(x: Exchange) -> None:
    x.stop.wait(10)


def _told(x: Exchange, **body: object) -> None:
    x.bill(20)
    x.send(json.dumps(body).encode())


FAULTS: Mapping[str, Script] = {
    "a good answer": calm,
    "prose": lambda x: x.say("I would try a larger learning rate, as it often helps."),
    "half an object": lambda x: x.say(GOOD[: len(GOOD) // 2]),
    "half of a tool's arguments": lambda x: x.call("answer", GOOD[: len(GOOD) // 2]),
    "half of the reply": _billed(9, lambda x: x.send(b'{"id": "r", "choices": [{"ind')),
    "HTML": _billed(9, lambda x: x.send(b"<html><body>Bad gateway</body></html>", kind="text/html")),
    "wrong types": lambda x: x.answer(TYPES),
    "an array": lambda x: x.answer("[1, 2, 3]"),
    "numbers that are not finite": lambda x: x.answer(GOOD.replace("0.01", "NaN")),
    "a lever that does not exist": lambda x: x.answer(GOOD.replace('"a"', '"rm -rf"')),
    "a value out of range": lambda x: x.answer(GOOD.replace("0.5", "1e300")),
    "10 MB of spaces": _billed(10**7, lambda x: x.send(b" " * 10_000_000)),
    "10 MB of answer": lambda x: x.answer(GOOD.replace("half of it", "x" * 10_000_000)),
    "10 MB, compressed": _billed(10**7, lambda x: x.gzipped(b" " * 10_000_000)),
    "deep nesting": lambda x: x.answer(DEEP),
    "nothing": _billed(0, lambda x: x.send(b"")),
    "no choices": lambda x: _told(x, id="r", object="chat.completion", created=1, model="m", choices=[]),
    "null everywhere": lambda x: _told(x, id=None, object=None, created=None, model=None, choices=None, usage=None),
    "an empty message": lambda x: x.message({"content": None}),
    "a refusal": lambda x: x.message({"content": None, "refusal": "I cannot help with that."}),
    "a content filter": lambda x: x.message({"content": None}, "content_filter"),
    "cut off by length": lambda x: x.message({"content": GOOD[:20]}, "length"),
    "429": lambda x: x.send(b'{"error": {"message": "slow down"}}', status=429),
    "429, wait an hour": lambda x: x.send(b"{}", status=429, retry_after="3600"),
    "500": _billed(99, lambda x: x.send(b'{"error": "boom"}', status=500)),
    "503": lambda x: x.send(b"", status=503),
    "401, with the key in it": lambda x: x.send(
        json.dumps({"error": {"message": f"bad key {x.key}"}}).encode(), status=401
    ),
    "a redirect": lambda x: x.send(b"", status=307, location="http://127.0.0.1:9/v1/chat/completions"),
    "hangs": _billed(500, _hang),
    "a slow drip": lambda x: x.drip(10),
    "closes at once": lambda x: x.handler.connection.close(),
    "content-length too long": _billed(50, lambda x: x.send(b'{"id": "r"}', length=100_000)),
    "content-length too short": _billed(50, lambda x: x.send(GOOD.encode(), length=5)),
    "a tool that does not exist": lambda x: x.call("run_shell", '{"command": "rea approve"}'),
    "tools for ever": lambda x: x.call("outline", "{}"),
    "a tool, arguments unreadable": lambda x: x.call("read", '{"path": '),
    "negative usage": _usage({"prompt_tokens": -900, "completion_tokens": -900, "total_tokens": -1800}),
    "absurd usage": _usage({"prompt_tokens": 10**15, "completion_tokens": 10**15, "total_tokens": 2 * 10**15}),
    "usage beyond any integer": _usage({"prompt_tokens": 10**40, "completion_tokens": 1, "total_tokens": 10**40}),
    "usage of words": _usage({"prompt_tokens": "many", "completion_tokens": None, "total_tokens": []}),
    "no usage": lambda x: x.answer(GOOD, usage={"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}),
    "the key, echoed as an answer": lambda x: x.answer(GOOD.replace("half of it", x.key)),
    "now good, now lost": _in_turn(lambda x: x.answer("[]"), _billed(9, lambda x: x.send(b"")), calm),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One campaign against one fault. ``wrong`` is empty where it survived; ``oversold`` is what was sold beyond the grant."""

    fault: str
    mode: Output
    wrong: str
    oversold: int
    requests: int


def case(fault: str, mode: Output, tokens: int) -> Case:
    """Run one campaign."""
    with TemporaryDirectory() as folder, serving(FAULTS[fault]) as server:
        timeout_s = TIMEOUT_S if fault in SLOW else 5.0
        plain = Setting(url=server.url, directory=Path(folder), output=mode, tokens=tokens, timeout_s=timeout_s)
        w = world(replace(plain, found=Material()))
        c = w.run()
        wrong = _wrong(w, c) or _leaks(w, Path(folder))
        return Case(
            fault=fault,
            mode=mode,
            wrong=wrong,
            oversold=max(0, server.books.billed_tokens - tokens) + _overdrawn(w),
            requests=server.books.requests,
        )


def _wrong(w: World, c: Campaign) -> str:
    """Return what is not as in a campaign that a model never disturbed."""
    if not c.ended:
        return f"not ended: {c.paused or c.stopped or 'no progress'}"
    if c.proposal is None or c.proposal.finding is None or c.proposal.finding.effect.low <= 0:
        return "it found no winner"
    if c.ledger.held or c.tokens.held or c.money.held:
        return "something is held after the end"
    return "" if c.ledger.spent <= c.ledger.granted else "device time was overspent"


def _overdrawn(w: World) -> int:
    ledger = w.journal.ledger(CAMPAIGN)  # type: ignore[attr-defined]
    tokens, money = w.journal.allowances(CAMPAIGN)  # type: ignore[attr-defined]
    return sum(max(0, -account.free) for account in (ledger, tokens, money))


def _leaks(w: World, folder: Path) -> str:
    kept = "".join(path.read_text() for path in folder.rglob("*") if path.is_file())
    said = kept + repr(w.journal.read(CAMPAIGN))
    return next((f"{s} was written" for s in (SECRET, *ENVIRONMENT.values()) if s in said), "")
