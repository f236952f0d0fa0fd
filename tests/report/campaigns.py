"""Whole campaigns to report on, and what a browser would make of the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html.parser import HTMLParser

from rea.campaign.evolve import replay
from rea.domain.campaign import Campaign
from rea.domain.event import Event, Recorded, Stopped
from rea.domain.insight import Insight
from rea.domain.job import Job, JobState
from rea.executor.backends.simulated import Run
from rea.testing.simulation import CAMPAIGN, Truth, World

HELPS = Truth(effects={"a": 0.02, "b": 0.012, "c": -0.01})
INERT = Truth(effects={"a": 0.0, "b": 0.0})
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta"}


@dataclass(frozen=True)
class Told:
    """A campaign with its journal."""

    campaign: Campaign
    recorded: tuple[Recorded, ...]
    kept: tuple[Insight, ...] = ()


def told(recorded: Sequence[Recorded]) -> Told:
    return Told(replay(r.event for r in recorded), tuple(recorded))


def edited(of: Told, change: Callable[[Event], Event]) -> Told:
    """Return the campaign with each event as ``change`` makes it."""
    return told([replace(r, event=change(r.event)) for r in of.recorded])


@cache
def winner() -> Told:
    return _run(World(truth=HELPS))


@cache
def null() -> Told:
    return _run(World(truth=INERT))


@cache
def stopped() -> Told:
    """A campaign that a person stopped after its first phase of hypotheses began."""
    w = World(truth=HELPS)
    w.open()
    for _ in range(12):
        w.wake()
        w.approve()
        w.pass_time()
    w.journal.append(CAMPAIGN, (Stopped(by="an engineer", reason="the cluster is needed", command="s1"),))
    for _ in range(20):
        w.wake()
        w.pass_time()
    return told(w.journal.read(CAMPAIGN))


@cache
def failing(log: str = "", reason: str = "exit 1") -> Told:
    """A campaign in which every job that turns on ``a`` fails."""

    def fails(job: Job) -> Run | None:
        hit = "a" in dict(job.change.overrides)
        return Run(seconds=1, state=JobState.FAILED, reason=reason, log=log) if hit else None

    return _run(World(truth=HELPS, failing=fails))


def _run(w: World) -> Told:
    w.run()
    return replace(told(w.journal.read(CAMPAIGN)), kept=tuple(w.kept.values()))


class Page(HTMLParser):
    """What a browser would fetch or run, which links there are, the text, and whether every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self._attributes(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._attributes(tag, attrs)

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "img", "link", "object", "embed", "base", "form"):
            self.fetched.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in ("src", "srcset", "action", "data"):
                self.fetched.append(f"{name}={value}")
            if name == "href" and tag == "a":
                self.links.append(str(value))
            if name == "href" and tag != "a" and not str(value).startswith("#"):
                self.fetched.append(str(value))
            if name == "id":
                self.ids.append(str(value))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())
