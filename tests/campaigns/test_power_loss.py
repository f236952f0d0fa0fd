"""Whatever of what was not synced reaches the disk: the journal is whole, and no job that began is launched again."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "benchmarks" / "power_loss.py"


@pytest.mark.real
def test_no_state_of_the_disk_is_unreadable_or_runs_a_job_twice_and_forgotten_syncs_are_seen() -> None:
    if shutil.which("strace") is None:
        pytest.skip("no strace: install it to record what reaches the disk")
    argv = (sys.executable, str(BENCH), "--states", "150", "--plants")
    done = subprocess.run(argv, capture_output=True, text=True)
    if "cannot be recorded" in done.stderr:
        pytest.skip(f"strace may not trace here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" 0 wrong") == 2
    assert "6 of 6 planted bugs caught" in done.stdout
