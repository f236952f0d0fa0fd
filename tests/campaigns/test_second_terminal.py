"""Another terminal may look, pause, resume, steer and stop while jobs run; while they run nothing of rea is there but the wrappers."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from campaigns.toys import Terminal, at_rest, checked, planned, repository

from rea.domain.campaign import Campaign
from rea.domain.errors import NotApproved, UsageError
from rea.domain.experiment import Phase
from rea.domain.job import JobState
from rea.domain.proposal import Outcome

WAITING = 'print("waiting for", {go!r})\nwhile not Path({go!r}).exists():\n    __import__("time").sleep(0.05)'


@pytest.fixture
def go(tmp_path: Path) -> Path:
    """Trainings start, and wait for this file; it is there while the checklist is made."""
    go = tmp_path / "go"
    go.touch()
    return go


@pytest.fixture
def terminal(tmp_path: Path, go: Path) -> Iterator[Terminal]:
    folder = repository(tmp_path / "toy", prelude=WAITING.format(go=str(go)), limit_s=60)
    opened = checked(folder, tmp_path / "state", budget_s=300.0)
    yield opened
    go.touch()
    opened.stop()


def elsewhere(terminal: Terminal, *words: str) -> None:
    """Do it from another process, as a second terminal would."""
    argv = (sys.executable, "-P", "-m", "rea.cli", *words, "--by", "ben", "-c", terminal.campaign)
    subprocess.run((*argv, "--state", str(terminal.config.state)), check=True, capture_output=True)


def ended_jobs(c: Campaign) -> int:
    return sum(1 for r in c.jobs.values() if r.state.ended)


@pytest.mark.real
def test_while_jobs_run_only_wrappers_of_ours_exist(terminal: Terminal, go: Path) -> None:
    go.unlink()
    terminal.approve()
    terminal.until(lambda _: sum(terminal.starts().values()) == 2)
    assert terminal.state.ledger.held > 0
    ours = [p for p in terminal.processes() if "rea." in " ".join(p.info["cmdline"])]
    assert ours == []
    wrappers = [p for p in terminal.processes() if any(w.endswith("wrapper.sh") for w in p.info["cmdline"])]
    held = {p.pid: p.memory_full_info().pss for p in wrappers}
    assert {p.name() for p in wrappers} <= {"sh", "dash", "bash"}
    assert 2 <= len(wrappers) <= 2 * 2  # each with the watcher that it forks
    print(f"asleep: {len(held)} shells for 2 jobs, {sum(held.values()) / 2 / 1024:.0f} KiB PSS a job")
    assert sum(held.values()) < 2 * 4 * 1024 * 1024


@pytest.mark.real
def test_paused_elsewhere_nothing_is_launched_and_what_ran_is_recorded(terminal: Terminal, go: Path) -> None:
    go.unlink()
    terminal.approve()
    elsewhere(terminal, "pause")
    go.touch()
    c = terminal.until(lambda c: ended_jobs(c) == 2)
    terminal.wake()
    assert len(terminal.state.jobs) == 2
    assert c.ledger.held == 0
    elsewhere(terminal, "resume")
    assert len(terminal.until(planned).jobs) > 2


@pytest.mark.real
def test_stopped_elsewhere_running_jobs_are_cancelled_and_it_ends(terminal: Terminal, go: Path) -> None:
    go.unlink()
    terminal.approve()
    terminal.until(lambda _: sum(terminal.starts().values()) == 2)
    elsewhere(terminal, "stop", "--yes")
    c = terminal.until(at_rest)
    assert c.proposal is not None
    assert c.proposal.outcome is Outcome.STOPPED
    assert (c.ledger.held, len(c.jobs)) == (0, 2)


@pytest.mark.real
def test_steered_to_finish_it_skips_to_the_end(terminal: Terminal) -> None:
    terminal.approve()
    terminal.until(planned)
    terminal.approve()
    elsewhere(terminal, "steer", "finish")
    c = terminal.until(at_rest)
    assert c.ended, c.paused
    assert c.phase(1, Phase.EXPLOITATION) is None
    starts = terminal.starts()
    assert set(starts.values()) == {1}
    # what was cancelled may have been caught before its first instruction
    assert {str(j) for j, record in c.jobs.items() if record.state is not JobState.CANCELLED} <= set(starts)
    assert set(starts) <= set(map(str, c.jobs))


@pytest.mark.real
def test_what_cannot_be_done_now_is_said_and_changes_nothing(terminal: Terminal) -> None:
    from rea.api import deciding

    log, name, c = terminal.log, terminal.campaign, terminal.state
    before = len(log.read(name))
    with pytest.raises(UsageError, match="not the digest"):
        deciding.approve(log, name, c, "0" * 64, "ben")
    with pytest.raises(NotApproved):
        deciding.steer(log, name, c, "finish", "", "ben")
    with pytest.raises(UsageError, match="not paused"):
        deciding.resume(log, name, c, "ben")
    assert len(log.read(name)) == before
