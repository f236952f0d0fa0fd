"""A bare copy of one commit of the user's repository, from which every tree is taken."""

import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rea.domain.errors import WorkloadError
from rea.executor.materialise.git import git, git_command, git_environment

# Files are exported byte for byte, whatever attributes the tree gives them.
_ATTRIBUTES = "* -export-ignore -export-subst -ident -text -eol -filter -working-tree-encoding\n"


@dataclass(frozen=True, slots=True)
class Mirror:
    """``path`` is the bare repository."""

    path: Path

    def fetch(self, repository: Path, commit: str) -> None:
        """Copy ``commit`` of ``repository`` here; repeating it changes nothing.

        Raises:
            WorkloadError: ``repository`` is none, or has no such commit.
        """
        if not (self.path / "HEAD").is_file():
            self.path.mkdir(parents=True, exist_ok=True)
            git(self.path, "init", "--quiet", "--bare", "--template=")
        info = self.path / "info"
        info.mkdir(exist_ok=True)
        (info / "attributes").write_text(_ATTRIBUTES)
        if not self.holds(commit):
            source = repository.resolve().as_uri()
            words = ("--quiet", "--no-tags", "--no-recurse-submodules", "--depth=1", source)
            git(self.path, "fetch", *words, f"{commit}:refs/heads/{commit}")

    def holds(self, commit: str) -> bool:
        """Whether ``commit`` is here, whole."""
        try:
            return (
                git(self.path, "rev-parse", "--verify", "--quiet", f"refs/heads/{commit}^{{commit}}").strip() == commit
            )
        except WorkloadError:
            return False

    def tree(self, commit: str) -> str:
        """Return git's id of the tree of ``commit``: equal trees, equal ids."""
        return git(self.path, "rev-parse", "--verify", f"{commit}^{{tree}}").strip()

    def files(self, tree: str) -> Sequence[str]:
        """Return the paths of all files of a commit or tree."""
        return tuple(filter(None, git(self.path, "ls-tree", "-r", "-z", "--name-only", tree).split("\0")))

    def submodules(self, tree: str) -> Sequence[str]:
        """Return the paths of submodules, which are exported as empty folders."""
        entries = filter(None, git(self.path, "ls-tree", "-r", "-z", tree).split("\0"))
        return tuple(entry.partition("\t")[2] for entry in entries if entry.startswith("160000"))

    def export(self, tree: str, destination: Path, without: Sequence[str] = ()) -> None:
        """Write a commit or tree as a plain directory at ``destination``, whole or not at all.

        ``without`` names paths that are left out: data that holds labels.
        Raises WorkloadError where the tree holds a link that leads out of it.
        """
        half = destination.with_name(f".{destination.name}.half")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        try:
            self._unpack(tree, half, frozenset(without))
            half.rename(destination)
        finally:
            shutil.rmtree(half, ignore_errors=True)

    def _unpack(self, tree: str, destination: Path, without: frozenset[str]) -> None:
        words = git_command(self.path, ("archive", "--format=tar", tree))
        with subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=git_environment()
        ) as process:
            assert process.stdout is not None
            try:
                with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                    archive.extractall(destination, (m for m in archive if m.name not in without), filter="data")
                process.stdout.read()  # the padding, else git dies of a closed pipe
            except tarfile.FilterError as error:
                process.kill()
                raise WorkloadError(
                    f"the repository holds a path that leads out of it: {error}", "remove that link and commit"
                ) from error
            except tarfile.TarError as error:
                raise WorkloadError(f"{tree} cannot be exported: {error}", "see `rea doctor`") from error
        if process.returncode:
            raise WorkloadError(f"git archive {tree} ended with {process.returncode}", "see `rea doctor`")
