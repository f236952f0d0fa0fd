"""A whole campaign with real processes on the toy: asleep between jobs, nothing lost, and a second terminal that is obeyed."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from rea.campaign.evolve import replay
from rea.domain.ids import CampaignId
from rea.domain.job import JobState
from rea.domain.proposal import Outcome
from rea.store.database import Database
from rea.store.insights import SqlInsights
from rea.store.journal import SqlJournal

TOY = Path(__file__).parent.parent.parent / "examples" / "toy"
LONGEST_S = 150.0


def rea(state: Path, *words: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "rea.cli", *words, "--json", "--state", str(state)],
        capture_output=True,
        text=True,
        check=False,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "toy"
    shutil.copytree(TOY, folder)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "toy"]):
        git(folder, *words)
    return folder


def git(folder: Path, *words: str) -> None:
    person = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run(["git", "-C", str(folder), *person, *words], check=True)


def heavy(state: Path) -> list[str]:
    """Return the command lines of Python processes of rea that are at work on this state."""
    lines = [" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
    return [
        line for line in lines if str(state) in line and "python" in line and ("rea.gate" in line or "rea.cli" in line)
    ]


def wait_for(state: Path, name: str, *states: str) -> dict[str, object]:
    """Return the status once the campaign is in one of ``states``; jobs and their wakes bring it there, this only looks."""
    began = time.monotonic()
    while time.monotonic() - began < LONGEST_S:
        told = rea(state, "status", "-c", name)
        if told["state"] in states:
            return told
        time.sleep(0.2)
    raise AssertionError(f"{told} after {LONGEST_S} s: {rea(state, 'why')}")


@pytest.mark.real
def test_a_campaign_sleeps_wakes_and_concludes(repository: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    name = str(
        rea(state, "start", str(repository), "--budget", "80s", "--slots", "2", "--sign", "--by", "ann")["campaign"]
    )
    waiting = wait_for(state, name, "waiting_for_approval")
    rea(state, "pause", "--by", "ben", "-c", name)
    assert rea(state, "status", "-c", name)["state"] == "paused"
    rea(state, "resume", "--by", "ben", "-c", name)
    rea(state, "approve", "-c", name, "--digest", str(waiting["digest"]), "--by", "ann")
    told = wait_for(state, name, "winner", "no_winner", "needs_a_person")
    journal = SqlJournal(Database(state / "store.db"))
    c = replay(r.event for r in journal.read(CampaignId(name)))
    assert c.proposal is not None
    assert c.proposal.outcome is Outcome.WINNER, c.proposal.reason
    assert dict(c.proposal.change.overrides).get("crosses") is True
    assert (c.ledger.held, c.ledger.overrun) == (0, 0)
    assert c.ledger.spent <= c.ledger.granted
    assert {r.state for r in c.jobs.values()} == {JobState.SUCCEEDED}
    assert c.human_touches == 4
    assert told["running"] == 0
    assert heavy(state) == []
    assert len(SqlInsights(Database(state / "store.db")).all()) > 0
    assert journal.verify(CampaignId(name)) == len(journal.read(CampaignId(name)))


SLOW = "import time\nfrom pathlib import Path\nwhile not Path({flag!r}).exists():\n    print('training', flush=True)\n    time.sleep(0.2)\n"


@pytest.mark.real
def test_while_a_job_runs_nothing_of_rea_but_the_wrapper_exists(repository: Path, tmp_path: Path) -> None:
    state, flag = tmp_path / "state", tmp_path / "go"
    flag.touch()
    script = repository / "train.py"
    script.write_text(SLOW.format(flag=str(flag)) + script.read_text())
    git(repository, "commit", "-qam", "slow")
    checked = rea(state, "check", str(repository), "--budget", "80s", "--slots", "2")
    flag.unlink()
    name = str(checked["campaign"])
    rea(state, "approve", "-c", name, "--digest", str(checked["digest"]), "--by", "ann")
    assert rea(state, "status", "-c", name)["running"] == 2
    assert heavy(state) == []
    ours = [
        p
        for p in psutil.process_iter(["cmdline"])
        if "wrapper.sh" in " ".join(p.info["cmdline"] or []) and str(state) in str(p.info["cmdline"])
    ]
    assert ours
    rea(state, "stop", "--yes", "-c", name, "--by", "ann")
    began = time.monotonic()
    while rea(state, "status", "-c", name)["running"] and time.monotonic() - began < LONGEST_S:
        time.sleep(0.2)
    assert rea(state, "status", "-c", name)["running"] == 0
    assert heavy(state) == []
