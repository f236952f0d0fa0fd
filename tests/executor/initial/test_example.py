"""`rea init --example`: the built-in codebase as a repository of the user's own."""

import subprocess
from pathlib import Path

import pytest

from rea.domain.errors import UsageError
from rea.executor.initial import example
from rea.executor.initial.example import settings_of
from rea.executor.workload import load


def git(folder: Path, *words: str) -> str:
    return subprocess.run(("git", "-C", str(folder), *words), capture_output=True, text=True, check=True).stdout.strip()


def test_it_is_a_clean_repository_with_a_commit(tmp_path: Path) -> None:
    commit = example("ranking", tmp_path / "ads")
    assert git(tmp_path / "ads", "rev-parse", "HEAD") == commit
    assert git(tmp_path / "ads", "status", "--porcelain") == ""
    files = git(tmp_path / "ads", "ls-files").splitlines()
    assert {"workload.toml", "ranker/train.py", "requirements.txt"} <= set(files)
    assert not any("__pycache__" in file or file.startswith("data/") for file in files)
    assert load(tmp_path / "ads").data.path == "data/demo.parquet"


def test_its_log_can_be_chosen(tmp_path: Path) -> None:
    example("ranking", tmp_path / "ads", "tiny")
    data = load(tmp_path / "ads").data
    assert data.path == "data/tiny.parquet"
    assert data.generate[data.generate.index("--setting") + 1] == "tiny"


def test_every_setting_of_the_codebase_is_known() -> None:
    origin = Path(__file__).parents[3] / "src/rea/workloads/ranking"
    assert {"tiny", "demo", "default"} <= set(settings_of(origin))


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no example 'rankin', did you mean 'ranking'"):
        example("rankin", tmp_path / "ads")
    with pytest.raises(UsageError, match="no setting 'tinny', did you mean 'tiny'"):
        example("ranking", tmp_path / "ads", "tinny")
    assert not (tmp_path / "ads").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.tex").write_text("precious")
    with pytest.raises(UsageError, match="not empty"):
        example("ranking", tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]
