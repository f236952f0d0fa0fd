"""A disk that fails or is full: every failure is told with an exit code, nothing is lost, and freed again the campaign goes on by itself."""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rea.domain.errors import StoreError
from rea.testing.durable import Shape, durable
from rea.testing.simulation import CAMPAIGN

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SHORT = Shape(effects=(("a", -0.05),), rungs=False, budget_s=1600.0)

pytestmark = pytest.mark.real


def nth_io(*words: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        pytest.skip("no C compiler: install gcc to make calls of SQLite fail")
    return subprocess.run((sys.executable, str(BENCHMARKS / "nth_io.py"), *words), capture_output=True, text=True)


def test_every_failing_call_is_told_or_harmless() -> None:
    done = nth_io("--every", "197")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("0 wrong") == 3


def test_planted_bug_a_swallowed_failure_is_seen() -> None:
    done = nth_io("--every", "401", "--plant")
    assert done.stdout.splitlines()[-1] == "1 of 1 planted bugs caught", done.stdout + done.stderr


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_full_and_freed_again_the_campaign_goes_on_without_a_person(small: Path) -> None:
    world = durable(small, SHORT)
    world.open()
    world.wake()
    _fill(small / "fill")
    with pytest.raises(StoreError, match="disk is full") as caught:
        for _ in range(20):
            world.pass_time()
            world.wake()
    assert caught.value.exit_code == 21
    assert "free some space" in caught.value.hint
    (small / "fill").unlink()
    durable(small, SHORT).finish()
    assert _audit(small) == {}


def test_a_file_that_may_not_grow_is_told_and_the_campaign_goes_on_when_it_may(tmp_path: Path) -> None:
    world = durable(tmp_path, SHORT)
    world.open()
    world.wake()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    recorded = len(world.journal.read(CAMPAIGN))
    world.pass_time()
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(StoreError) as caught:
            world.wake()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.exit_code == 21
    assert len(world.journal.read(CAMPAIGN)) >= recorded
    durable(tmp_path, SHORT).finish()
    assert _audit(tmp_path) == {}


def _fill(path: Path) -> None:
    """Leave no room, down to the last block."""
    with path.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue


def _audit(directory: Path) -> dict[str, object]:
    argv = (sys.executable, str(BENCHMARKS / "audit_stores.py"), str(directory))
    done = subprocess.run(argv, capture_output=True, text=True, env={**os.environ})
    wrong: dict[str, object] = json.loads(done.stdout)["wrong"]
    return wrong
