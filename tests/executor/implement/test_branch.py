"""A branch in the user's repository: one commit of objects, and nothing else of that repository is touched."""

import os
import subprocess
import tomllib
from pathlib import Path

import pytest
from executor.materialise import toy

from rea.domain.change import Change
from rea.domain.errors import IntegrityError, UsageError, WorkloadError
from rea.domain.lever import Lever, LeverType, Role
from rea.executor.implement import branch as module
from rea.executor.implement.branch import Proposed, branch, lever_table
from rea.executor.materialise.mirror import Mirror
from rea.executor.materialise.patch import admit
from rea.executor.workload import parse

TEXT = "--- a/pkg/__init__.py\n+++ b/pkg/__init__.py\n@@ -1 +1 @@\n-VALUE = 'committed'\n+VALUE = 'patched'\n"
LEVER = Lever(name="gate", type=LeverType.FLOAT, role=Role.OTHER, default=0.0, low=0.0, high=1.0)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository in use: another branch checked out, things staged and not, hooks and filters that would tell on us."""
    made = toy.repository(tmp_path / "repo")
    toy.commit(made)
    return made


@pytest.fixture
def proposed(tmp_path: Path, repository: Path) -> Proposed:
    commit = toy.git(repository, "rev-parse", "HEAD")
    mirror = Mirror(tmp_path / "c/mirror.git")
    mirror.fetch(repository, commit)
    patch = admit(TEXT, toy.workload(), mirror, commit, ("gate",))
    change = Change(overrides=(("gate", 0.5), ("lr", 0.2)), patches=(patch,))
    return Proposed(
        name="rea/c", commit=commit, change=change, levers=(LEVER,), title="rea/c.toml", message="toy: gate\n\nwhy\n"
    )


def in_use(repository: Path, tmp_path: Path) -> None:
    (repository / "pkg/__init__.py").write_text("VALUE = 'being edited'\n")
    (repository / "staged.txt").write_text("x")
    toy.git(repository, "add", "staged.txt")
    (repository / ".gitattributes").write_text("* filter=telling text=auto\n")
    toy.git(repository, "config", "filter.telling.clean", f"tee -a {tmp_path}/ran")
    toy.git(repository, "config", "filter.telling.required", "true")
    toy.git(repository, "config", "core.fsmonitor", f"touch {tmp_path}/ran")
    toy.git(repository, "config", "core.autocrlf", "true")
    toy.git(repository, "config", "apply.whitespace", "fix")
    for name in ("post-commit", "pre-commit", "reference-transaction", "post-index-change", "post-checkout", "update"):
        hook = repository / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        hook.chmod(0o755)
    (tmp_path / "ran").unlink(missing_ok=True)


def state(repository: Path) -> dict[str, object]:
    """Everything that must stay as it is: every file but objects, refs beside ours, and logs."""
    found: dict[str, object] = {}
    for path in sorted(repository.rglob("*")):
        told = path.relative_to(repository).as_posix()
        if path.is_file() and not told.startswith((".git/objects", ".git/refs/heads/rea", ".git/logs/refs/heads/rea")):
            found[told] = (path.read_bytes(), path.stat().st_mtime_ns)
    return found


def test_one_commit_with_patch_settings_and_levers(tmp_path: Path, repository: Path, proposed: Proposed) -> None:
    made = branch(repository, tmp_path / "c", proposed)
    assert toy.git(repository, "rev-parse", "rea/c") == made
    assert toy.git(repository, "rev-parse", "rea/c^") == proposed.commit
    assert toy.git(repository, "diff", "--name-only", proposed.commit, made).split() == [
        "pkg/__init__.py",
        "rea/c.toml",
        "workload.toml",
    ]
    assert toy.git(repository, "show", f"{made}:pkg/__init__.py") == "VALUE = 'patched'"
    told = tomllib.loads(toy.git(repository, "show", f"{made}:rea/c.toml"))
    assert told["overrides"] == {"gate": 0.5, "lr": 0.2} and told["patches"] == [proposed.change.patches[0].digest]
    assert parse(toy.git(repository, "show", f"{made}:workload.toml")).lever("gate") == LEVER
    assert toy.git(repository, "show", "-s", "--format=%B", made) == "toy: gate\n\nwhy"


def test_working_tree_index_hooks_and_filters_are_never_touched(
    tmp_path: Path, repository: Path, proposed: Proposed
) -> None:
    in_use(repository, tmp_path)
    before = state(repository)
    made = branch(repository, tmp_path / "c", proposed)
    assert state(repository) == before
    assert not (tmp_path / "ran").exists(), "neither hook nor filter nor monitor ran"
    assert (
        subprocess.run(
            ("git", "-C", str(repository), "cat-file", "blob", f"{made}:pkg/__init__.py"),
            capture_output=True,
            check=True,
        ).stdout
        == b"VALUE = 'patched'\n"
    )


def test_an_ordinary_commit_would_have_touched_them(tmp_path: Path, repository: Path) -> None:
    """The planted bug: the hooks and filters of the test above do tell."""
    in_use(repository, tmp_path)
    subprocess.run(
        ("git", "-C", str(repository), "-c", "user.name=x", "-c", "user.email=x", "commit", "-qam", "x"), check=False
    )
    assert (tmp_path / "ran").exists()


def test_nothing_is_overwritten(
    tmp_path: Path, repository: Path, proposed: Proposed, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = branch(repository, tmp_path / "c", proposed)
    with pytest.raises(UsageError, match="already"):
        branch(repository, tmp_path / "c", proposed)
    monkeypatch.setattr(
        module, "_ref", lambda repository, name: f"refs/heads/{name}"
    )  # made between our look and our write
    with pytest.raises(UsageError, match="was not made"):
        branch(repository, tmp_path / "c", proposed)
    assert toy.git(repository, "rev-parse", "rea/c") == made


@pytest.mark.parametrize("name", ["", "-x", "a..b", "../../HEAD", "a b", "x.lock", "refs/../x"])
def test_a_name_that_names_no_branch(tmp_path: Path, repository: Path, proposed: Proposed, name: str) -> None:
    from dataclasses import replace

    with pytest.raises(UsageError):
        branch(repository, tmp_path / "c", replace(proposed, name=name))


def test_a_patch_that_was_altered_makes_no_branch(tmp_path: Path, repository: Path, proposed: Proposed) -> None:
    path = next((tmp_path / "c/patches").glob("*.diff"))
    path.write_text(path.read_text().replace("'patched'", "'altered'"))
    with pytest.raises(WorkloadError, match="altered"):
        branch(repository, tmp_path / "c", proposed)
    assert toy.git(repository, "branch", "--list", "rea/*") == ""


def test_another_tree_there_than_here_is_refused(
    tmp_path: Path, repository: Path, proposed: Proposed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "patched", lambda *_: "0" * 40)
    with pytest.raises(IntegrityError):
        branch(repository, tmp_path / "c", proposed)


def test_a_commit_that_is_gone_is_told(tmp_path: Path, proposed: Proposed) -> None:
    other = toy.repository(tmp_path / "other")
    (other / "x").write_text("another history")
    toy.commit(other, "elsewhere")
    os.environ.pop("GIT_DIR", None)
    with pytest.raises(WorkloadError, match="no longer holds"):
        branch(other, tmp_path / "c", proposed)


def test_levers_read_back_as_they_were() -> None:
    for lever in (
        LEVER,
        Lever(name="b", type=LeverType.BOOL, role=Role.OTHER, default=False),
        Lever(name="n", type=LeverType.INT, role=Role.OTHER, default=0, low=0.0, high=8.0),
        Lever(name="c", type=LeverType.CHOICE, role=Role.OTHER, default="none", choices=("none", 'a "b"')),
    ):
        assert parse(f"{toy.DECLARED}\n{lever_table(lever)}").lever(lever.name) == lever
