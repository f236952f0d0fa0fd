"""Campaigns again with nobody there: the same decisions, from recorded replies alone."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.agent.campaign import Setting, configuration, source, world
from benchmarks.agent.roles import GOOD, Material, calm, role_of
from benchmarks.agent.server import Exchange, serving
from rea.agent.adapter.conversation import Asker
from rea.agent.chain import Account, recorded_only
from rea.agent.configuration import Output
from rea.campaign.replaying import replayed
from rea.domain.ids import Digest
from rea.testing.simulation import CAMPAIGN, World


def _corrected(x: Exchange) -> None:
    """Name a lever that does not exist, and correct that when told."""
    if role_of(x) != "proposer" or "no lever" in x.text:
        calm(x)
    else:
        x.answer(GOOD.replace('"a"', '"z"'))


def _reading(x: Exchange) -> None:
    """Read the code before answering."""
    if role_of(x) != "proposer" or any(message["role"] == "tool" for message in x.told["messages"]):
        calm(x)
    else:
        x.call("read", '{"path": "train.py"}')


def _lost(x: Exchange) -> None:
    """Lose every other reply."""
    if x.number % 2:
        x.bill(5)
        x.send(b"")
    else:
        calm(x)


SCRIPTS = (calm, _corrected, _reading, _lost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One campaign again: ``calls`` were answered from the record; ``wrong`` is empty where every decision was the same and nobody was asked."""

    calls: int
    decisions: int
    wrong: str


def run_all() -> list[Case]:
    return [case(number, mode) for number in range(len(SCRIPTS)) for mode in Output]


def case(number: int, mode: Output, damage: bool = False) -> Case:
    """Run a campaign, stop the server, and take its decisions again. ``damage`` loses the kept replies, which must be found."""
    with TemporaryDirectory() as folder:
        with serving(SCRIPTS[number]) as server:
            plain = Setting(url=server.url, directory=Path(folder), output=mode)
            setting = replace(
                plain, found=Material(), reads_logs=False
            )  # a replay takes decisions anew; a log is read by none
            w = world(setting)
            c = w.run()
            asked = server.books.requests
        replies = sum(1 for record in c.calls.values() if record.reply)
        if damage:
            for path in (Path(folder) / "calls").iterdir():
                path.write_bytes(json.dumps({}).encode())
        return again(w, setting, replies, server.books.requests - asked)


def again(w: World, setting: Setting, replies: int, further: int) -> Case:
    """Take the decisions of a campaign again from what is kept."""
    account = Account(campaign=CAMPAIGN, journal=w.journal, state=lambda: w.state, directory=setting.directory)
    heard: set[str] = set()
    link = recorded_only(account, setting.environment, heard)
    length = len(w.journal.read(CAMPAIGN))
    embedded = tuple(source for source in w.ports.sources)[:1]
    found = replayed(
        tuple(w.journal.read(CAMPAIGN)),
        w.ports,
        Digest("runbook"),
        lambda _: (*embedded, source(Asker(link, configuration(setting)), setting)),
    )
    wrong = f"differs at event {found.different[0].seq}{found.different[0].where}" if found.different else ""
    if further or len(w.journal.read(CAMPAIGN)) != length:
        wrong = "somebody was asked, or something written"
    if len(heard) != replies:
        wrong = wrong or f"{len(heard)} of {replies} calls were answered from the record"
    return Case(calls=len(heard), decisions=found.decisions, wrong=wrong)
