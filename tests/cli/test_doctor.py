"""doctor checks every event, the ones behind a snapshot too, which no wake reads any more."""

import json
import os
import socket
import sqlite3
from collections.abc import Iterator
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
    app.insights(config).add(tuple(world.kept.values()))
    recall = app.recall_of(config, CAMPAIGN)
    recall.now()
    recall.keep()
    return tmp_path


def alter(state: Path, seq: int) -> None:
    with closing(sqlite3.connect(state / "store.db")) as connection, connection:
        connection.execute("UPDATE events SET payload = replace(payload, '0', '1') WHERE seq = ?", (seq,))


def model(state: Path) -> dict[str, object]:
    told = CliRunner().invoke(rea, ["doctor", "--json", "--state", str(state)], standalone_mode=False)
    assert SECRET not in told.output
    checks: list[dict[str, object]] = json.loads(told.stdout)["checks"]
    return next(c for c in checks if c["name"] == "model")


SECRET = "planted-1f0e9d8c7b6a"


@pytest.fixture
def listening() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in [n for n in os.environ if n.startswith("REA_MODEL") or n.endswith("_API_KEY")]:
        monkeypatch.delenv(name)
    return monkeypatch


def test_without_a_model_doctor_says_that_none_is_needed(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    found = model(tmp_path)
    assert found["ok"] and "none is needed" in str(found["detail"])


def test_a_model_is_named_with_where_its_key_lies_and_nobody_is_asked(
    tmp_path: Path, bare: pytest.MonkeyPatch, listening: str
) -> None:
    pytest.importorskip("openai", reason="the agent extra is not installed: pip install '.[agent]'")
    (tmp_path / "key").write_text(SECRET)
    (tmp_path / "key").chmod(0o600)
    bare.setenv("REA_MODEL", "openai:m")
    bare.setenv("REA_MODEL_URL", listening)
    assert "no key, and none is wanted; it listens" in str(model(tmp_path)["detail"])
    bare.setenv("REA_MODEL_KEY_FILE", str(tmp_path / "key"))
    found = model(tmp_path)
    assert found["ok"] and f"its key lies in {tmp_path / 'key'}; it listens" in str(found["detail"])
    bare.delenv("REA_MODEL_KEY_FILE")
    bare.setenv("REA_MODEL_KEY_ENV", "OWN_API_KEY")
    bare.setenv("OWN_API_KEY", SECRET)
    assert "in OWN_API_KEY, which wakes from jobs do not see" in str(model(tmp_path)["detail"])


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"REA_MODEL": "openai:m"}, "wants a key"),
        ({"REA_MODEL": "nobody:m"}, "names no model"),
        ({"REA_MODEL": "openai:m", "REA_MODEL_URL": "http://127.0.0.1:1/v1"}, "127.0.0.1:1 does not answer"),
        ({"REA_MODEL": "openai:m", "REA_MODEL_KEY_FILE": "/nowhere/key"}, "cannot be read"),
    ],
)
def test_what_a_model_lacks_is_told_and_stops_nothing(
    tmp_path: Path, bare: pytest.MonkeyPatch, variables: dict[str, str], told: str
) -> None:
    pytest.importorskip("openai", reason="the agent extra is not installed: pip install '.[agent]'")
    for name, value in variables.items():
        bare.setenv(name, value)
    found = model(tmp_path)
    assert not found["ok"] and not found["blocking"] and told in str(found["detail"]) and found["fix"]


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
