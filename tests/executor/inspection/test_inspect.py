"""Inspection of real repositories: what is wrong is on the checklist, with its next step, and nothing is lost."""

import sys
from pathlib import Path

import pytest
from executor.inspection import trainers

from rea.domain.errors import WorkloadError
from rea.domain.ids import digest
from rea.domain.plan import Check, Checklist
from rea.executor.inspect import inspect
from rea.sandbox import probe

HOUR_MS = 3_600_000


def checked(tmp_path: Path, repository: Path, budget_ms: int = HOUR_MS, python: str = sys.executable) -> Checklist:
    return inspect(tmp_path / "state", tmp_path / "state/campaigns/C", repository, budget_ms, python)[1]


def of(found: Checklist, name: str) -> Check:
    return next(check for check in found.checks if check.name == name)


def blocking(found: Checklist) -> list[str]:
    return [check.name for check in found.checks if check.blocking and not check.ok]


def test_a_sound_repository_passes_and_is_ready(tmp_path: Path) -> None:
    repository = trainers.repository(tmp_path / "repo")
    found = checked(tmp_path, repository)
    assert blocking(found) == []
    assert found.passed
    assert found.commit == trainers.git(repository, "rev-parse", "HEAD").strip()
    assert len(found.data) == len(found.judge) == len(found.workload) == 64
    assert found.seal == ("enforced" if probe().works else "handed_over")
    assert of(found, "sandbox").ok is probe().works
    assert "250 judge and 500 test rows" in of(found, "seal").detail
    assert of(found, "predictions").detail.startswith("arrived and were judged: ne ")
    assert of(found, "seed").ok and of(found, "levers").ok
    assert 0 < found.smoke_ms < 20_000
    assert found.allowance_ms <= found.budget_ms // 2
    assert not of(found, "timer").ok and not of(found, "timer").blocking
    assert (tmp_path / "state/campaigns/C/workspace.json").exists()
    assert trainers.git(repository, "status", "--porcelain") == "", "the user's repository is left as it was"
    assert digest(found), "a checklist can be signed"


@pytest.mark.parametrize(
    ("mood", "check", "told"),
    [
        ("crash", "smoke run", "no such device"),
        ("silent", "predictions", "predictions.csv"),
        ("nan", "predictions", "not finite"),
        ("truncated", "predictions", "rows"),
        ("constant", "predictions", "all 250 predictions are 0.5"),
        ("deaf", "seed", "another seed gives the very same predictions"),
    ],
)
def test_a_training_that_misbehaves_is_told(tmp_path: Path, mood: str, check: str, told: str) -> None:
    found = checked(tmp_path, trainers.repository(tmp_path / "repo", mood))
    assert blocking(found) == [check]
    assert told in of(found, check).detail
    assert of(found, check).fix
    assert not found.passed


def test_a_lever_that_the_training_does_not_know_is_found_before_it_costs_days(tmp_path: Path) -> None:
    declared = trainers.DECLARED.replace('name = "lr"', 'name = "learning_rat"')
    found = checked(tmp_path, trainers.repository(tmp_path / "repo", declared=declared))
    assert blocking(found) == ["levers"]
    assert "unknown option ['learning_rat']" in of(found, "levers").detail


def test_a_stated_default_that_is_not_the_training_s_own_is_told(tmp_path: Path) -> None:
    declared = trainers.DECLARED.replace("default = 0.5", "default = 0.9")
    found = checked(tmp_path, trainers.repository(tmp_path / "repo", declared=declared))
    assert found.passed
    assert "not the training's own" in of(found, "levers").detail


def test_data_is_generated_under_a_seed_that_nobody_is_told(tmp_path: Path) -> None:
    declared = trainers.DECLARED.replace("[data]", '[data]\ngenerate = ["{python}", "generate.py", "{path}", "{seed}"]')
    repository = trainers.repository(tmp_path / "repo", declared=declared, data=False)
    prints = set()
    for name in ("C", "D"):
        folder = tmp_path / "state/campaigns" / name
        _, found = inspect(tmp_path / "state", folder, repository, HOUR_MS, sys.executable)
        assert found.passed, found.checks
        assert "undisclosed" in of(found, "data").detail
        prints.add(found.data)
        assert (folder / "raw/clicks.csv").stat().st_mode & 0o077 == 0
    assert len(prints) == 2
    again = checked(tmp_path, repository)
    assert again.data in prints, "checked again, it is the same data"


@pytest.mark.parametrize(
    ("generate", "told"),
    [
        ('["{python}", "-c", "raise SystemExit(\'out of ideas\')", "{path}", "{seed}"]', "out of ideas"),
        ('["{python}", "-c", "", "{path}", "{seed}"]', "wrote no file"),
        ('["/nowhere/program", "{path}", "{seed}"]', "no program /nowhere/program"),
    ],
)
def test_data_that_cannot_be_generated(tmp_path: Path, generate: str, told: str) -> None:
    declared = trainers.DECLARED.replace("[data]", f"[data]\ngenerate = {generate}")
    found = checked(tmp_path, trainers.repository(tmp_path / "repo", declared=declared, data=False))
    assert blocking(found) == ["data", "smoke run"]
    assert told in of(found, "data").detail
    assert (found.data, found.seal) == ("", "none")


def test_no_data_and_no_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = checked(tmp_path, trainers.repository(tmp_path / "a", data=False))
    assert "there is no data at" in of(found, "data").detail
    declared = trainers.DECLARED.replace('"clicks.csv"', '"$CLICKS/clicks.csv"')
    repository = trainers.repository(tmp_path / "b", declared=declared)
    monkeypatch.delenv("CLICKS", raising=False)
    assert "variable that is not set" in of(checked(tmp_path / "1", repository), "data").detail
    monkeypatch.setenv("CLICKS", str(repository))
    assert of(checked(tmp_path / "2", repository), "data").ok


def test_what_is_not_committed_blocks_and_what_git_does_not_know_is_told(tmp_path: Path) -> None:
    repository = trainers.repository(tmp_path / "repo")
    (repository / "train.py").write_text((repository / "train.py").read_text() + "\n# altered\n")
    (repository / "new.py").write_text("")
    found = checked(tmp_path, repository)
    assert blocking(found) == ["committed"]
    assert "train.py" in of(found, "committed").detail
    assert "new.py" in of(found, "untracked").detail
    trainers.git(repository, "rm", "-q", "--cached", "workload.toml")
    trainers.git(repository, "commit", "-q", "-a", "-m", "without")
    assert "workload.toml is not committed" in of(checked(tmp_path / "1", repository), "committed").detail


def test_no_repository_no_commit_no_workload(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    with pytest.raises(WorkloadError, match="is no git repository") as caught:
        checked(tmp_path, plain)
    assert "git -C" in caught.value.hint
    with pytest.raises(WorkloadError, match="is no folder"):
        checked(tmp_path, tmp_path / "nowhere")
    trainers.git(plain, "init", "-q")
    with pytest.raises(WorkloadError, match="has no commit yet"):
        checked(tmp_path, plain)
    repository = trainers.repository(tmp_path / "repo")
    (repository / "inner").mkdir()
    with pytest.raises(WorkloadError, match="lies inside the repository"):
        checked(tmp_path, repository / "inner")
    (repository / "workload.toml").unlink()
    with pytest.raises(WorkloadError, match=r"there is no workload\.toml"):
        checked(tmp_path, repository)
    assert not (tmp_path / "state").exists(), "nothing was begun"


def test_an_interpreter_that_is_none(tmp_path: Path) -> None:
    repository = trainers.repository(tmp_path / "repo")
    found = checked(tmp_path, repository, python=str(tmp_path / "python"))
    assert blocking(found) == ["interpreter", "smoke run"]
    assert "--python" in of(found, "interpreter").fix
    found = checked(tmp_path / "1", repository, python="/bin/false")
    assert "does not work" in of(found, "interpreter").detail


@pytest.mark.parametrize(("budget_ms", "told"), [(0, "none was given"), (10_000, "calibration alone may hold")])
def test_no_budget_or_too_small_a_one(tmp_path: Path, budget_ms: int, told: str) -> None:
    found = checked(tmp_path, trainers.repository(tmp_path / "repo"), budget_ms)
    assert blocking(found) == ["budget"]
    assert told in of(found, "budget").detail
    assert "--budget" in of(found, "budget").fix


def test_checking_again_seals_the_same(tmp_path: Path) -> None:
    repository = trainers.repository(tmp_path / "repo")
    first, second = checked(tmp_path, repository), checked(tmp_path, repository)
    assert (first.data, first.judge) == (second.data, second.judge)
    assert second.passed
