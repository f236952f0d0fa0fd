"""Two toy workloads under one budget with real processes: start, sign, approve once each, and a page that says what came of it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from campaigns.toys import repository

from rea import app
from rea.api import portfolio as api
from rea.domain.portfolio import Portfolio
from rea.settings import Settings

PATIENCE_S = 420.0
FILE = """budget = "150s"
slots = 2
floor = 0.6

[[member]]
path = "one"
sandbox = "off"

[[member]]
path = "two"
weight = 1.5
sandbox = "off"
question = "does the second one gain more?"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    repository(tmp_path / "one", limit_s=3)
    repository(tmp_path / "two", limit_s=3)
    (tmp_path / "portfolio.toml").write_text(FILE)
    yield tmp_path
    config = Settings(state=tmp_path / "state")
    if config.has_store and (names := app.journal(config).portfolios()):
        api.stop(config, api.whole(config, names[-1]).state, "the test is over", "ann")
        api.wake(config, names[-1])


def rea(folder: Path, *words: str) -> dict[str, object]:
    """Call the command line as a person's terminal does, and return what it says."""
    argv = (sys.executable, "-P", "-m", "rea.cli", "portfolio", *words, "--json", "--state", str(folder / "state"))
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert done.stdout, done.stderr
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return {**told, "exit": done.returncode}


def until(folder: Path, what: str) -> Portfolio:
    config, began = Settings(state=folder / "state"), time.monotonic()
    name = app.journal(config).portfolios()[-1]
    while time.monotonic() - began < PATIENCE_S:
        w = api.whole(config, name)
        if (what == "page" and w.state.page) or w.state.concluded:
            return w.state
        for c in w.members:
            assert not c.paused, c.paused
        time.sleep(0.2)
    raise AssertionError(f"no {what}: {[(c.id, c.ledger, c.paused) for c in w.members]}")


@pytest.mark.real
@pytest.mark.slow
def test_two_toys_share_a_budget(folder: Path) -> None:
    opened = rea(folder, "start", str(folder / "portfolio.toml"))
    assert (opened["kind"], opened["exit"]) == ("portfolio", 10), opened
    signed = rea(folder, "approve", "--digest", str(opened["digest"])[:12], "--by", "ann")
    assert signed["kind"] == "portfolio_status"
    page = until(folder, "page")
    shown = rea(folder, "plan")
    assert shown["digest"] == page.page_digest
    assert not shown["approved"]
    wrong = rea(folder, "approve", "--digest", "0" * 12)
    assert wrong["kind"] == "error"
    rea(folder, "approve", "--digest", page.page_digest[:12], "--by", "ann")
    p = until(folder, "end")
    assert p.ledger.spent <= p.budget_ms == 150_000
    told = rea(folder, "report")
    facts = told["facts"]
    assert isinstance(facts, dict)
    assert facts["touches"] == 2
    assert {m["workload"] for m in facts["members"]} == {"toy"}
    text = Path(str(told["markdown"])).read_text()
    assert "2 acts" in text
    assert "How the budget was dealt" in text
    assert "Content-Security-Policy" in Path(str(told["html"])).read_text()
    journal = app.journal(Settings(state=folder / "state"))
    assert sum(journal.ledger(m.campaign).granted for m in p.members) <= p.budget_ms
