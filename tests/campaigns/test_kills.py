"""Killed eight times on a real campaign, `rea` loses nothing, launches nothing twice and overspends nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "benchmarks" / "real_kills.py"


@pytest.mark.real
def test_eight_kills_lose_and_double_nothing() -> None:
    environment = {**os.environ, "QUICK": "1", "KILLS": "8", "SEED": "3"}
    done = subprocess.run((sys.executable, str(BENCH)), env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    assert last.startswith("real processes: 8 kills")
    assert "0 lost, 0 duplicated, 0 over budget" in last
