"""State directories to serve: a campaign that has ended, and one whose plan waits."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from rea.domain.event import CampaignOpened, Event, Recorded
from rea.settings import Settings
from rea.store.aside import Aside
from rea.store.database import Database
from rea.store.journal import SqlJournal
from rea.testing.simulation import CAMPAIGN, Truth, World

SECRET = "hunter2-the-label-of-row-17"


@cache
def ended() -> tuple[Event, ...]:
    w = World(truth=Truth(effects={"a": 0.02, "b": 0.012, "c": -0.01}))
    w.run()
    return tuple(r.event for r in w.journal.read(CAMPAIGN))


@cache
def waiting() -> tuple[Event, ...]:
    w = World(truth=Truth(effects={"a": 0.02, "b": 0.012, "c": 0.0}))
    w.open()
    while w.state.plan is None:
        w.wake()
        w.pass_time()
    return tuple(r.event for r in w.journal.read(CAMPAIGN))


def stored(events: Sequence[Event], state: Path, editable: tuple[str, ...] = (), commit: str = "") -> Path:
    """Put a campaign into a real store, and beside it a file that no tool may ever show."""
    state.mkdir(exist_ok=True)
    opened = events[0]
    assert isinstance(opened, CampaignOpened)
    workload = replace(opened.workload, editable=editable)
    opened = replace(opened, workload=workload, commit=commit or opened.commit)
    SqlJournal(Database(state / "store.db")).append(CAMPAIGN, (opened, *events[1:]))
    hidden = state / "campaigns" / "elsewhere" / "control" / "log"
    hidden.parent.mkdir(parents=True)
    hidden.write_text(SECRET + "\n")
    (state / "campaigns" / CAMPAIGN / "jobs").mkdir(parents=True)
    return state


def journal(state: Path) -> Sequence[Recorded]:
    return SqlJournal(Database(state / "store.db")).read(CAMPAIGN)


def aside(state: Path) -> Aside:
    return Aside(Database(state / "store.db"))


def config(state: Path) -> Settings:
    return Settings(state=state)
