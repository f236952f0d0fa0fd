"""Deterministic simulation: what a seed says twice is the same, a few of them are clean, and a guard that is taken away is named by a seed."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "benchmarks"
TWICE = """
import sys
from hashlib import sha256
from random import Random
from seeded import CAMPAIGN, Life, drawn
from rea.store import codec
for seed in range(4):
    life = Life(seed, drawn(Random(seed)))
    life.through()
    print(sha256(b"".join(codec.to_jsonl(life.world.journal.read(CAMPAIGN)))).hexdigest())
"""


def seeds(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, str(BENCH / "seeds.py"), "--workers", "1", *words), capture_output=True, text=True
    )


def test_nothing_is_wrong_with_a_few_seeds() -> None:
    done = seeds("--count", "12")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "seeds: 12 from 0, 0 wrong" in done.stdout


def test_a_seed_gives_the_same_campaign_again_byte_for_byte() -> None:
    told = [
        subprocess.run(
            (sys.executable, "-c", TWICE),
            env={"PYTHONPATH": str(BENCH), "PYTHONHASHSEED": salt},
            cwd=BENCH,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for salt in ("1", "2")
    ]
    assert told[0] == told[1] and len(set(told[0].split())) == 4


@pytest.mark.parametrize(
    ("bug", "first"),  # where to begin, so that none waits for long; should it move, a later seed names the bug
    [
        ("a pause holds nothing", "9"),
        ("no look-up before a launch", "0"),
        pytest.param("nobody is told of a pause", "0", marks=pytest.mark.slow),
        pytest.param("a scheduler that is away means failed", "0", marks=pytest.mark.slow),
    ],
)
def test_planted_bug_a_seed_names_it(bug: str, first: str) -> None:
    done = seeds("--count", "1", "--first", first, "--plants", bug)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "1 of 1 planted bugs caught"
