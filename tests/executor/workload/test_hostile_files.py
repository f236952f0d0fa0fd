"""Over 200 hostile workload.toml files: each a clear error or words that stay words; no traceback, nothing run, nothing written outside."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from campaigns.toys import commit
from click.testing import CliRunner
from executor.workload.hostile import CANARY, PAYLOADS, TOY, files

from rea.cli.main import rea
from rea.domain.errors import WorkloadError
from rea.domain.workload import Workload
from rea.executor.workload import load

CORPUS = tuple(files())
TRIED = int(os.environ.get("REA_HOSTILE", "24"))  # of those that can be read, how many are checked as a person would


def read(folder: Path, text: bytes) -> Workload | WorkloadError:
    """Return what a repository with this file declares, or why it cannot be read. Any other error is a traceback."""
    (folder / "workload.toml").write_bytes(text)
    try:
        return load(folder)
    except WorkloadError as error:
        return error


def test_the_corpus_is_large_and_its_base_is_sound(tmp_path: Path) -> None:
    assert len(CORPUS) >= 200 and len({text for _, text in CORPUS}) > 0.95 * len(CORPUS)
    assert isinstance(read(tmp_path, TOY.encode()), Workload)


def test_each_is_a_clear_error_or_words_that_stay_words(tmp_path: Path) -> None:
    refused = 0
    for name, text in CORPUS:
        found = read(tmp_path, text)
        if isinstance(found, WorkloadError):
            refused += 1
            assert found.hint and str(tmp_path) in found.message, name
            assert all(c.isprintable() or c == "\n" for c in found.message), (name, "a terminal would obey it")
            assert len(found.message) < 20_000, name
    print(f"{len(CORPUS)} files: {refused} refused, {len(CORPUS) - refused} read")
    assert refused > len(CORPUS) // 3


@pytest.mark.parametrize("name", ["lists in lists", "5,000 digits", "too much"])
def test_planted_bug_a_parser_without_its_bounds_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What the library says of such a file is no word for a person, and that there is no end to one it does not say at all."""
    parsing = sys.modules["rea.executor.workload.parse"]
    monkeypatch.setattr(parsing, "MOST_BYTES", 1 << 26)
    monkeypatch.setattr(parsing, "UNREADABLE", (tomllib.TOMLDecodeError,))
    text = dict(CORPUS)[name]
    try:
        seen = not isinstance(read(tmp_path, text), WorkloadError)
    except (RecursionError, ValueError):
        seen = True
    assert seen


def readable(folder: Path) -> Iterator[tuple[str, bytes]]:
    yield from ((name, text) for name, text in CORPUS if isinstance(read(folder, text), Workload))


def everything(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.lstat().st_mtime_ns for p in folder.rglob("*") if not p.is_dir()}


@pytest.mark.real
@pytest.mark.slow
def test_what_can_be_read_runs_nothing_and_writes_nothing_outside(tmp_path: Path) -> None:
    """A check as a person runs it: it may end well or not, without a traceback, and what lies around is as it was."""
    inside = tmp_path / "deep" / "er" / "toy"
    inside.parent.mkdir(parents=True)
    subprocess.run(("cp", "-r", str(Path(__file__).parents[3] / "examples" / "toy"), str(inside)), check=True)
    commit(inside)
    chosen = Random(0).sample(sorted(readable(inside)), TRIED)
    for number, (name, text) in enumerate(chosen):
        (inside / "workload.toml").write_bytes(text)
        commit_again(inside)
        before, state = everything(tmp_path / "deep"), tmp_path / f"state{number}"
        words = ["check", str(inside), "--budget", "60s", "--state", str(state)]
        done = CliRunner().invoke(rea, words, standalone_mode=False)
        assert done.exception is None, (name, done.exception)
        assert "Traceback" not in done.output, name
        after = everything(tmp_path / "deep")
        assert {p for p in after if after[p] != before.get(p)} <= {"er/toy/.git/index"}, name
        assert not any(
            p.name == CANARY for p in (*tmp_path.rglob(CANARY), Path(f"/tmp/{CANARY}"), Path(CANARY)) if p.exists()
        ), name


def commit_again(folder: Path) -> None:
    git = ("git", "-C", str(folder), "-c", "user.name=toy", "-c", "user.email=toy@localhost")
    subprocess.run((*git, "commit", "-qam", "hostile", "--allow-empty"), check=True)


def test_what_a_terminal_would_obey_is_refused_in_every_place(tmp_path: Path) -> None:
    for name, text in CORPUS:
        if name.endswith((": bidi", ": clipboard", ": nul", ": long")):
            assert isinstance(read(tmp_path, text), WorkloadError), name


def test_planted_bug_a_shell_would_run_the_payloads(tmp_path: Path) -> None:
    """The canary sings: handed to a shell, most of these make the file that the test above looks for."""
    sung = 0
    for payload in PAYLOADS.values():
        if "\0" not in payload and len(payload) < 1_000:
            subprocess.run(["/bin/sh", "-c", f"echo {payload}"], cwd=tmp_path, capture_output=True, timeout=10)
            sung += (tmp_path / CANARY).exists()
            (tmp_path / CANARY).unlink(missing_ok=True)
    assert sung >= 5
