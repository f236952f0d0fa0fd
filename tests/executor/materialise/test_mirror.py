"""Trees of one commit, byte for byte, with nothing of git in them and nothing of the repository run."""

import os
import stat
from pathlib import Path

import pytest
from executor.materialise import toy

from rea.domain.errors import WorkloadError
from rea.executor.materialise import Mirror
from rea.executor.materialise import git as safe_git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return toy.repository(tmp_path / "repo")


def mirrored(tmp_path: Path, repository: Path) -> tuple[Mirror, str]:
    commit = toy.commit(repository)
    mirror = Mirror(tmp_path / "c" / "mirror.git")
    mirror.fetch(repository, commit)
    return mirror, commit


def test_the_tree_is_the_commit_and_not_the_working_copy(tmp_path: Path, repository: Path) -> None:
    (repository / "run.sh").write_text("#!/bin/sh\n")
    (repository / "run.sh").chmod(0o755)
    mirror, commit = mirrored(tmp_path, repository)
    (repository / "pkg/__init__.py").write_text("VALUE = 'uncommitted'\n")
    (repository / "pkg/untracked.py").write_text("")
    mirror.export(commit, tmp_path / "tree")
    assert (tmp_path / "tree/pkg/__init__.py").read_text() == "VALUE = 'committed'\n"
    written = sorted(str(p.relative_to(tmp_path / "tree")) for p in (tmp_path / "tree").rglob("*") if p.is_file())
    assert written == sorted(mirror.files(commit))
    assert not (tmp_path / "tree/.git").exists()
    assert os.access(tmp_path / "tree/run.sh", os.X_OK)
    assert not os.access(tmp_path / "tree/workload.toml", os.X_OK)


def test_fetching_again_changes_nothing_and_the_mirror_outlives_the_repository(
    tmp_path: Path, repository: Path
) -> None:
    mirror, commit = mirrored(tmp_path, repository)
    mirror.fetch(repository, commit)
    repository.rename(tmp_path / "moved")
    mirror.fetch(repository, commit)
    mirror.export(commit, tmp_path / "tree")
    assert (tmp_path / "tree/workload.toml").is_file()
    assert len(mirror.tree(commit)) == 40


def test_no_repository_or_no_such_commit_is_told(tmp_path: Path, repository: Path) -> None:
    toy.commit(repository)
    mirror = Mirror(tmp_path / "mirror.git")
    with pytest.raises(WorkloadError, match="git fetch"):
        mirror.fetch(repository, "0" * 40)
    with pytest.raises(WorkloadError, match="git fetch"):
        mirror.fetch(tmp_path / "nowhere", "0" * 40)
    assert not mirror.holds("0" * 40)


def planted(repository: Path, canary: Path) -> None:
    """Hooks, filters, a file-system monitor and attributes that would each leave a trace."""
    for name in ("post-checkout", "pre-commit", "reference-transaction", "post-index-change", "pre-auto-gc"):
        hook = repository / ".git/hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {canary}.{name}\n")
        hook.chmod(0o755)
    (repository / ".gitattributes").write_text(
        "*.py filter=evil export-subst ident\nconf export-ignore\n*.csv eol=crlf\n"
    )
    (repository / "pkg/stamp.py").write_text("COMMIT = '$Format:%H$'  # $Id$\n")
    (repository / "pkg/lines.csv").write_text("a\nb\n")
    for key, value in {
        "core.fsmonitor": f"touch {canary}.monitor",
        "filter.evil.smudge": f"touch {canary}.smudge; cat",
        "tar.tar.command": f"touch {canary}.tar; cat",
        "uploadpack.packObjectsHook": f"touch {canary}.pack",
    }.items():
        toy.git(repository, "config", key, value)


def test_nothing_of_the_repository_runs_and_attributes_alter_no_byte(tmp_path: Path, repository: Path) -> None:
    commit = toy.commit(repository, "first")
    planted(repository, tmp_path / "canary")
    toy.git(repository, "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "add", "-A", "-f")
    toy.git(repository, "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "commit", "-q", "-m", "planted")
    for trace in tmp_path.glob("canary*"):
        trace.unlink()  # a user's own git may do as it pleases
    commit = (repository / ".git/refs/heads" / toy.git(repository, "branch", "--show-current")).read_text().strip()
    mirror = Mirror(tmp_path / "c/mirror.git")
    mirror.fetch(repository, commit)
    mirror.export(commit, tmp_path / "tree")
    assert list(tmp_path.glob("canary*")) == []
    for name in ("pkg/stamp.py", "pkg/lines.csv", "conf/a.yaml"):
        assert (tmp_path / "tree" / name).read_bytes() == (repository / name).read_bytes()


def test_the_planted_monitor_would_have_run(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.commit(repository)
    planted(repository, tmp_path / "canary")
    safe_git.git(repository, "status", "--porcelain")
    assert not (tmp_path / "canary.monitor").exists()
    monkeypatch.setattr(safe_git, "_SAFE", ("-c", "safe.directory=*"))
    safe_git.git(repository, "status", "--porcelain")
    assert (tmp_path / "canary.monitor").exists()


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside", "pkg/../../../outside"])
def test_a_link_out_of_the_tree_is_refused_and_leaves_nothing(tmp_path: Path, repository: Path, target: str) -> None:
    (repository / "leak").symlink_to(target)
    mirror, commit = mirrored(tmp_path, repository)
    with pytest.raises(WorkloadError, match="leads out of it"):
        mirror.export(commit, tmp_path / "tree")
    assert not (tmp_path / "tree").exists()
    assert not list(tmp_path.glob(".tree*"))


def test_a_link_within_the_tree_is_kept(tmp_path: Path, repository: Path) -> None:
    (repository / "config.yaml").symlink_to("conf/a.yaml")
    mirror, commit = mirrored(tmp_path, repository)
    mirror.export(commit, tmp_path / "tree")
    assert (tmp_path / "tree/config.yaml").read_text() == "lr: 0.1\n"


def test_what_holds_labels_is_left_out(tmp_path: Path, repository: Path) -> None:
    mirror, commit = mirrored(tmp_path, repository)
    mirror.export(commit, tmp_path / "tree", without=("data/log.csv",))
    assert not (tmp_path / "tree/data/log.csv").exists()
    assert (tmp_path / "tree/conf/a.yaml").exists()


def test_a_half_written_tree_is_no_tree(tmp_path: Path, repository: Path) -> None:
    mirror, commit = mirrored(tmp_path, repository)
    (tmp_path / ".tree.half").mkdir()
    (tmp_path / ".tree.half/old").write_text("left by a kill")
    mirror.export(commit, tmp_path / "tree")
    assert not (tmp_path / "tree/old").exists()
    assert stat.S_ISDIR((tmp_path / "tree").stat().st_mode)
