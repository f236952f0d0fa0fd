"""The user's repository: is it one, which commit, is it as committed?"""

from pathlib import Path

from rea.domain.errors import WorkloadError
from rea.executor.materialise.git import git
from rea.executor.observations import RepositoryFacts


def look_at_repository(repository: Path) -> RepositoryFacts:
    """Return what git says of ``repository``; nothing in it is altered.

    Raises:
        WorkloadError: it is no git repository, not its top folder, or has no commit yet.
    """
    top = _top(repository)
    if top != repository.resolve():
        raise WorkloadError(
            f"{repository} lies inside the repository {top}", f"put workload.toml into {top} and name that folder"
        )
    try:
        commit = git(repository, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").strip()
    except WorkloadError as error:
        raise WorkloadError(
            f"{repository} has no commit yet", f"git -C {repository} add . && git -C {repository} commit -m 'first'"
        ) from error
    entries = tuple(filter(None, git(repository, "ls-tree", "-r", "-z", commit).split("\0")))
    status = tuple(filter(None, git(repository, "status", "--porcelain=v1", "-z", "--no-renames").split("\0")))
    return RepositoryFacts(
        path=str(repository),
        commit=commit,
        files=tuple(entry.partition("\t")[2] for entry in entries),
        dirty=tuple(line[3:] for line in status if not line.startswith("??")),
        untracked=tuple(line[3:] for line in status if line.startswith("??")),
        submodules=tuple(entry.partition("\t")[2] for entry in entries if entry.startswith("160000")),
    )


def _top(repository: Path) -> Path:
    if not repository.is_dir():
        raise WorkloadError(f"{repository} is no folder", "name the folder of your training repository")
    try:
        return Path(git(repository, "rev-parse", "--show-toplevel").strip()).resolve()
    except WorkloadError as error:
        raise WorkloadError(
            f"{repository} is no git repository",
            f"git -C {repository} init && git -C {repository} add . && git -C {repository} commit -m 'first'",
        ) from error
