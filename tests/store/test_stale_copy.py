"""An older copy of the store that was put back, and pages of it overwritten: said clearly, with the way back, and never gone on from."""

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from rea import app, gate
from rea.api import mending
from rea.app import heads
from rea.cli.main import rea
from rea.domain.errors import IntegrityError, ReaError
from rea.domain.event import AGENT, Paused, Recorded
from rea.domain.ids import CampaignId
from rea.domain.ledger import Ledger
from rea.settings import Settings
from rea.store.journal import SqlJournal
from rea.testing.conformance_journal import note
from rea.testing.simulation import CAMPAIGN, Truth, World

PAGES = int(os.environ.get("REA_PAGES", "30"))  # a thousand by `REA_PAGES=1000`


@pytest.fixture(scope="module")
def world() -> World:
    """A whole campaign on the simulated cluster."""
    made = World(truth=Truth(effects={"a": 0.02}))
    made.run()
    return made


@pytest.fixture
def config(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """That campaign in a store, looked at; a copy of the store; and a look since."""
    state = Settings(state=tmp_path / "state")
    monkeypatch.setattr(app, "ports", lambda config, *_: replace(world.ports, journal=app.journal(config)))
    app.journal(state).append(CAMPAIGN, [r.event for r in world.journal.read(CAMPAIGN)])
    app.insights(state).add(tuple(world.kept.values()))
    state.campaign(CAMPAIGN).mkdir(parents=True)
    look(state)
    shutil.copy(state.store, tmp_path / "copy.db")
    app.journal(state).append(CAMPAIGN, [note("since")])
    look(state)
    return state


def look(config: Settings) -> None:
    """Do what a wake does."""
    assert gate.main([str(config.state), CAMPAIGN]) == 0


def put_back(config: Settings) -> None:
    shutil.copy(config.state.parent / "copy.db", config.store)


def crashes(config: Settings) -> list[str]:
    recorded = app.journal(config).read(CAMPAIGN)
    return [r.event.reason for r in recorded if isinstance(r.event, Paused) and r.event.by == AGENT]


def doctor(config: Settings, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(rea, ["doctor", "--state", str(config.state), *words], standalone_mode=False)
    return done.return_value, done.stdout


def test_a_wake_notes_how_far_the_journal_reaches(config: Settings) -> None:
    head = app.journal(config).head(CAMPAIGN)
    assert (config.campaign(CAMPAIGN) / heads.HEAD).read_text() == f"{head.length} {head.hash}\n"
    assert sum(mending.verify(config)) == head.length and crashes(config) == []


def test_what_was_learnt_and_is_gone_is_missed(config: Settings, world: World) -> None:
    lost = next(iter(world.kept))
    with closing(sqlite3.connect(config.store)) as store, store:
        store.execute("DELETE FROM insights WHERE id = ?", (lost,))
    with pytest.raises(IntegrityError, match=f"1 of {len(world.kept)} insights .* the first is {lost}"):
        mending.verify(config)
    code, told = doctor(config)
    assert (code, lost in told, "import their campaigns again" in told) == (1, True, True)
    app.insights(config).add(tuple(world.kept.values()))
    assert mending.verify(config)


def test_an_older_copy_is_not_gone_on_from(config: Settings) -> None:
    put_back(config)
    look(config)
    (reason,) = crashes(config)
    assert "an older copy of it was put back" in reason
    code, told = doctor(config)
    assert (code, "an older copy of it was put back" in told, "put the latest copy back" in told) == (1, True, True)


def test_the_latest_copy_put_back_is_well_again(config: Settings) -> None:
    latest = config.store.read_bytes()
    put_back(config)
    look(config)
    config.store.write_bytes(latest)
    look(config)
    assert crashes(config) == [] and mending.verify(config)


def test_a_copy_that_went_another_way_since_is_seen_too(config: Settings) -> None:
    put_back(config)
    app.journal(config).append(CAMPAIGN, [note("other"), note("story")])
    with pytest.raises(IntegrityError, match="another story"):
        mending.verify(config)


def test_a_store_from_before_the_campaign_is_seen(config: Settings) -> None:
    config.store.unlink()
    app.journal(config).append(CampaignId("another"), [note("a")])
    with pytest.raises(IntegrityError, match=f"has 0 events of campaign {CAMPAIGN}"):
        mending.verify(config)


def test_one_who_has_nothing_newer_is_told_how_to_go_on(config: Settings) -> None:
    put_back(config)
    with pytest.raises(IntegrityError) as caught:
        mending.verify(config)
    noted = config.campaign(CAMPAIGN) / heads.HEAD
    assert str(noted) in caught.value.hint and "--orphans" in caught.value.hint
    noted.unlink()
    look(config)
    assert crashes(config) == [] and mending.verify(config)


def test_planted_bug_within_the_store_alone_an_older_copy_looks_well(
    config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_back(config)
    monkeypatch.setattr(heads, "check", lambda *_: None)
    look(config)
    assert crashes(config) == [] and mending.verify(config)


def test_a_ledger_that_was_altered_is_named_and_built_anew(config: Settings) -> None:
    before = app.journal(config).ledger(CAMPAIGN)
    with closing(sqlite3.connect(config.store)) as connection, connection:
        connection.execute("UPDATE ledger SET granted = granted + 1000")
    assert "is not what its events add up to" in doctor(config)[1]
    assert doctor(config, "--rebuild")[0] == 0
    assert app.journal(config).ledger(CAMPAIGN) == before and mending.verify(config)


def told(config: Settings) -> tuple[list[Recorded], Ledger]:
    log = SqlJournal(app.database(config))
    return list(log.read(CAMPAIGN)), log.ledger(CAMPAIGN)


def damaged(config: Settings, die: Random) -> None:
    """Overwrite a page with noise, with nothing, or with another page: what a dying disk does."""
    size, pages = 4096, config.store.stat().st_size // 4096
    with config.store.open("r+b") as file:
        file.seek(die.randrange(pages) * size)
        other = file.read(size)
        file.seek(die.randrange(pages) * size)
        file.write(die.choice([die.randbytes(size), bytes(size), other]))


def test_pages_overwritten_are_told_or_mended_and_never_believed(config: Settings) -> None:
    """Whatever page is gone: an error that says how to go on, or the very history, with its ledger rebuilt if need be."""
    sound, before, die = config.store.read_bytes(), told(config), Random(0)
    seen = {"told": 0, "mended": 0, "harmless": 0}
    for _ in range(PAGES):
        config.store.write_bytes(sound)
        damaged(config, die)
        seen[outcome(config, before)] += 1
    print(seen)
    assert seen["told"] > PAGES // 5, seen


def outcome(config: Settings, before: tuple[list[Recorded], Ledger]) -> str:
    try:
        mending.verify(config)
    except ReaError as error:
        assert error.hint
        if "--rebuild" not in error.hint:
            return "told"
        mending.rebuilt(config)
        mending.verify(config)
        assert told(config) == before
        return "mended"
    assert told(config) == before
    return "harmless"
