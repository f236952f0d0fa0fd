"""The same inputs give the same decisions, byte for byte, in any locale, time zone and order of hashing."""

import subprocess
import sys

import pytest

SCRIPT = """
import hashlib, sys
from rea.store import codec
from rea.testing.simulation import CAMPAIGN, Truth, World
from rea.domain.plan import Policy
policy = Policy(seed=7, calibration_seeds=2, looks=(1, 2), finalists=1)
w = World(truth=Truth(effects={"a": 0.02, "b": 0.012}), budget_s=2400.0, policy=policy)
w.run()
bent = hash("x") if "bent" in sys.argv else 0  # the planted bug: something that differs between processes
payloads = [codec.encode(r.event).payload for r in w.journal.read(CAMPAIGN)]
print(len(payloads), hashlib.sha256(b"".join(payloads) + str(bent).encode()).hexdigest())
"""
PLACES = (
    {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "2", "TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8"},
    {"PYTHONHASHSEED": "77", "TZ": "America/St_Johns", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "0"},
)


def decisions(*words: str) -> set[str]:
    told = [
        subprocess.run((sys.executable, "-c", SCRIPT, *words), env=place, capture_output=True, text=True, check=True)
        for place in PLACES
    ]
    return {done.stdout for done in told}


@pytest.mark.real
def test_a_campaign_decides_the_same_wherever_it_runs() -> None:
    (told,) = decisions()
    assert int(told.split()[0]) > 50


@pytest.mark.real
def test_planted_bug_what_depends_on_the_process_is_seen() -> None:
    assert len(decisions("bent")) == len(PLACES)
