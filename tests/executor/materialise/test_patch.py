"""The gate for patches: what a patch does is read off the tree that it makes."""

import subprocess
from pathlib import Path

import pytest
from executor.materialise import toy

from rea.domain.errors import UsageError
from rea.executor.materialise import Mirror, patch
from rea.executor.materialise.patch import admit
from rea.executor.materialise.paths import covers, may_edit


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    made = toy.repository(tmp_path / "repo")
    toy.commit(made)
    return made


@pytest.fixture
def mirror(tmp_path: Path, repository: Path) -> Mirror:
    made = Mirror(tmp_path / "c/mirror.git")
    made.fetch(repository, toy.git(repository, "rev-parse", "HEAD"))
    return made


def diff(repository: Path) -> str:
    """Return everything that was altered since the commit, as git itself writes it."""
    toy.git(repository, "add", "-A", "-f")
    words = ("git", "-C", str(repository), "diff", "--cached", "--binary")
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def refused(repository: Path, mirror: Mirror) -> str:
    with pytest.raises(UsageError) as caught:
        admit(diff(repository), toy.workload(), mirror, toy.git(repository, "rev-parse", "HEAD"))
    assert not list((mirror.path.parent / "patches").glob("*.diff")), "a refused patch is not kept"
    return caught.value.message


def test_an_edit_a_new_file_and_a_removal_in_bounds_are_let_through(repository: Path, mirror: Mirror) -> None:
    (repository / "pkg/__init__.py").write_text("VALUE = 'patched'\n")
    (repository / "pkg/new.py").write_text("X = 1\n")
    (repository / "conf/a.yaml").unlink()
    commit = toy.git(repository, "rev-parse", "HEAD")
    admitted = admit(diff(repository), toy.workload(), mirror, commit, levers=("new",))
    assert admitted.paths == ("conf/a.yaml", "pkg/__init__.py", "pkg/new.py")
    assert admitted.levers == ("new",)
    assert admit(diff(repository), toy.workload(), mirror, commit, levers=("new",)) == admitted


@pytest.mark.parametrize("path", ["pkg/metrics.py", "workload.toml", "data/log.csv", "pkg/.gitattributes", "setup.py"])
def test_what_is_protected_or_not_editable_stays(repository: Path, mirror: Mirror, path: str) -> None:
    (repository / path).write_text("altered\n")
    assert f"{path} is not editable" in refused(repository, mirror)


def test_every_broken_rule_is_named(repository: Path, mirror: Mirror) -> None:
    (repository / "pkg/link").symlink_to("/etc/passwd")
    (repository / "pkg/weights.py").write_bytes(bytes(range(256)))
    (repository / "pkg/__init__.py").chmod(0o755)
    (repository / "pkg/run.sh").write_text("#!/bin/sh\n")
    (repository / "pkg/run.sh").chmod(0o755)
    told = refused(repository, mirror)
    assert "pkg/link is no plain file" in told
    assert "pkg/weights.py is binary" in told
    assert "pkg/__init__.py changes its mode" in told
    assert "pkg/run.sh is a new executable" in told


def test_a_submodule_is_no_plain_file(repository: Path, mirror: Mirror) -> None:
    commit = toy.git(repository, "rev-parse", "HEAD")
    toy.git(repository, "update-index", "--add", "--cacheinfo", f"160000,{commit},pkg/sub")
    text = toy.git(repository, "diff", "--cached") + "\n"
    with pytest.raises(UsageError, match="pkg/sub is no plain file"):
        admit(text, toy.workload(), mirror, commit)


def test_a_path_out_of_the_tree_never_applies(repository: Path, mirror: Mirror, tmp_path: Path) -> None:
    text = "--- /dev/null\n+++ b/../../escaped\n@@ -0,0 +1 @@\n+x\n"
    with pytest.raises(UsageError):
        admit(text, toy.workload(), mirror, toy.git(repository, "rev-parse", "HEAD"))
    assert not list(tmp_path.rglob("escaped"))


def test_too_large_and_empty(repository: Path, mirror: Mirror) -> None:
    commit = toy.git(repository, "rev-parse", "HEAD")
    with pytest.raises(UsageError, match="more than 200000"):
        admit("x" * 200_001, toy.workload(), mirror, commit)
    with pytest.raises(UsageError, match="does not apply"):
        admit("", toy.workload(), mirror, commit)


def test_without_the_gate_a_protected_file_would_change(
    repository: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "pkg/metrics.py").write_text("A = 2\n")
    monkeypatch.setattr(patch, "may_edit", lambda *_: True)
    admitted = admit(diff(repository), toy.workload(), mirror, toy.git(repository, "rev-parse", "HEAD"))
    assert admitted.paths == ("pkg/metrics.py",)


def test_patterns() -> None:
    assert covers(["model/"], "model/a/b.py") and covers(["model"], "model/a.py") and covers(["a.py"], "a.py")
    assert covers(["conf/*.yaml"], "conf/a.yaml") and not covers(["conf/*.yaml"], "conf/a.py")
    assert not covers(["model/"], "models/a.py") and not covers([], "a.py")
    assert may_edit("m/a.py", ["m/"], ["m/b.py"]) and not may_edit("m/b.py", ["m/"], ["m/b.py"])
    assert not may_edit("m/.git/config", ["m/"], [])
