"""A whole campaign with real processes whose state lies on a small file system that is filled while it runs, and freed again."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from campaigns.toys import Terminal, at_rest, checked, planned, repository

from rea import gate
from rea.api import deciding, starting
from rea.domain.campaign import Campaign
from rea.domain.event import Measured
from rea.domain.ids import JobId
from rea.domain.job import JobState
from rea.domain.proposal import Outcome

AT_FIRST, LATER = "size=2g", "size=64m"  # the checklist wants room; what is filled need not be as large
MOST_RESUMED = 6

pytestmark = pytest.mark.real


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", AT_FIRST, "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(path: Path) -> None:
    """Leave no room, down to the last block."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue


def choosing(c: Campaign) -> bool:
    """Whether jobs run that an approved plan asked for."""
    return c.approved and any(not c.jobs[j].state.ended for j in c.open_jobs)


def timer(terminal: Terminal) -> int:
    """Do what the timer does every two minutes, and return its exit status."""
    return gate.main([str(terminal.config.state), "--due"])


def until_nothing_runs(terminal: Terminal, jobs: set[JobId]) -> None:
    """Wait until the trainings that were running when the disk filled up have ended: there may be no room to say so."""
    terminal.until(lambda _: all((terminal.jobs / job / "control" / "exit").exists() for job in jobs))


@pytest.mark.slow
def test_filled_while_it_runs_and_freed_again_it_is_finished_and_audits_clean(tmp_path: Path, small: Path) -> None:
    terminal = checked(repository(tmp_path / "toy"), small / "state")
    terminal.approve()
    terminal.until(planned)
    terminal.approve()
    c = terminal.until(choosing)
    running = {j for j in c.open_jobs if not c.jobs[j].state.ended}
    subprocess.run(["mount", "-o", f"remount,{LATER}", small], check=True)
    fill(small / "fill")
    until_nothing_runs(terminal, running)
    before = len(terminal.log.read(terminal.campaign))
    timer(terminal)  # there is no room: it may fail, it may not lose or start anything
    assert len(terminal.log.read(terminal.campaign)) <= before + len(running)
    (small / "fill").unlink()
    resumed = finish(terminal)
    audit(terminal, resumed)


def finish(terminal: Terminal) -> int:
    """Let the timer and ended jobs wake the campaign, resume it where the runbook asks for a person, and return how often."""
    for resumed in range(MOST_RESUMED):
        assert timer(terminal) == 0
        c = terminal.until(at_rest)
        if c.ended:
            return resumed
        assert "disk" in c.paused or "failed" in c.paused, c.paused
        deciding.resume(terminal.log, terminal.campaign, c, "ann")
        starting.wake(terminal.config, terminal.campaign)
    raise AssertionError(f"still paused: {terminal.state.paused}")


def audit(terminal: Terminal, resumed: int) -> None:
    """Nothing lost, nothing started twice, nothing overspent, and the journal is what was written."""
    c = terminal.state
    assert c.proposal is not None
    assert c.proposal.outcome in (Outcome.WINNER, Outcome.NO_WINNER), c.proposal.reason
    assert terminal.log.verify(terminal.campaign) > 0
    assert terminal.log.ledger(terminal.campaign) == c.ledger
    assert c.ledger.held == 0 and c.ledger.spent <= c.ledger.granted
    assert max(terminal.starts().values()) == 1
    told = [r.event.job for r in terminal.log.read(terminal.campaign) if isinstance(r.event, Measured)]
    assert len(told) == len(set(told))
    assert not [r for r in c.jobs.values() if r.state in (JobState.RESERVED, JobState.SUBMITTED, JobState.RUNNING)]
    assert resumed <= MOST_RESUMED
