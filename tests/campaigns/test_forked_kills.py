"""Whole simulated campaigns on files, killed by SIGKILL and restarted: a hundred and more at each commit, ten thousand in `make bench-durability`."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "benchmarks" / "forked.py"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run((sys.executable, str(BENCH), "--seed", "5", *words), capture_output=True, text=True)


@pytest.mark.real
def test_killed_at_random_moments_nothing_is_lost_doubled_or_overspent() -> None:
    done = run("--kills", "120", "--workers", "1", "--shapes", "two at once", "shortest")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "random: 120 kills" in done.stdout
    assert "0 lost, 0 duplicated, 0 over budget" in done.stdout


@pytest.mark.real
@pytest.mark.parametrize(
    "bug",
    [
        "no look-up before a launch",
        pytest.param("launched before the intent is recorded", marks=pytest.mark.slow),
        pytest.param("only what this process launched is asked about", marks=pytest.mark.slow),
    ],
)
def test_planted_bug_the_checker_sees_it(bug: str) -> None:
    done = run("--kills", "0", "--plants", bug)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "1 of 1 planted bugs caught"
