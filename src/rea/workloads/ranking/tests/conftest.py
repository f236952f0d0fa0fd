"""Logs small enough to train on in a blink."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
torch.set_num_threads(1)

from ranker.synthetic import DEMO, SETTINGS, generate, write  # noqa: E402


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A tiny log: (path, columns)."""
    columns = generate(SETTINGS["tiny"], 1)
    path = tmp_path_factory.mktemp("tiny") / "log.parquet"
    write(columns, path)
    return path, columns


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A log just large enough that every model learns something: (path, columns)."""
    columns = generate(replace(DEMO, rows=40_000, users=300, ads=80), 2)
    path = tmp_path_factory.mktemp("small") / "log.parquet"
    write(columns, path)
    return path, columns


@pytest.fixture
def trained(tmp_path):
    """Train through the command line's function: ``trained(view, *words, seed, resume, name)`` to (out, exit code)."""
    from ranker.train import main

    def run(view, *words, seed=1, resume=None, name="out"):
        out = tmp_path / name
        more = ["--resume", str(resume)] if resume else []
        return out, main(["--data", str(view), "--out", str(out), "--seed", str(seed), *more, *words])

    run.folder = tmp_path
    return run


@pytest.fixture
def own_cache(tmp_path_factory, monkeypatch):
    """A cache of compiled kernels for this run of the tests, and nothing that another test loaded."""
    from ranker import kernels

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    kernels._library.cache_clear()
    yield
    kernels._library.cache_clear()
