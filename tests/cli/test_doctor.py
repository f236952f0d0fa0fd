"""doctor checks every event, the ones behind a snapshot too, which no wake reads any more."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from rea import app
from rea.campaign import recall as recalling
from rea.cli.main import rea
from rea.domain.ids import CampaignId
from rea.settings import settings
from rea.testing.simulation import CAMPAIGN, Truth, World

BEHIND = 7


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store whose campaign has a snapshot, and one altered event behind it."""
    monkeypatch.setattr(recalling, "WORTH", 1)
    world, config = World(truth=Truth(effects={"a": 0.02})), settings(tmp_path)
    world.run()
    app.journal(config).append(CAMPAIGN, [r.event for r in world.journal.read(CAMPAIGN)])
    recall = app.recall_of(config, CAMPAIGN)
    recall.now()
    recall.keep()
    return tmp_path


def alter(state: Path, seq: int) -> None:
    with closing(sqlite3.connect(state / "store.db")) as connection, connection:
        connection.execute("UPDATE events SET payload = replace(payload, '0', '1') WHERE seq = ?", (seq,))


def journals(state: Path) -> dict[str, object]:
    told = CliRunner().invoke(rea, ["doctor", "--json", "--state", str(state)], standalone_mode=False)
    checks: list[dict[str, object]] = json.loads(told.stdout)["checks"]
    return next(c for c in checks if c["name"] == "journals")


def test_an_event_altered_behind_a_snapshot_is_named(state: Path) -> None:
    sound = journals(state)
    assert sound["ok"] and "are what was written" in str(sound["detail"])
    alter(state, BEHIND)
    wrong = journals(state)
    assert not wrong["ok"] and f"event {BEHIND} of campaign {CAMPAIGN}" in str(wrong["detail"]) and wrong["fix"]


def test_planted_bug_a_look_that_begins_at_the_snapshot_would_not_see_it(state: Path) -> None:
    alter(state, BEHIND)
    app.recall_of(settings(state), CampaignId(CAMPAIGN)).now()
