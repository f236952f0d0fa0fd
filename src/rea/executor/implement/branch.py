"""What is proposed as one commit on a branch of the user's repository, made of objects alone.

Working tree, index, hooks and filters of that repository are never touched: an index of our own, plumbing only, and a ref that is
made only where there is none.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rea.domain.change import Change
from rea.domain.errors import IntegrityError, UsageError, WorkloadError
from rea.domain.lever import Lever, LeverType
from rea.executor.initial.quoting import listed, quoted
from rea.executor.materialise.command import formatted
from rea.executor.materialise.git import git
from rea.executor.materialise.layout import mirror_of, patch_of
from rea.executor.materialise.mirror import Mirror
from rea.executor.materialise.patch import patched
from rea.executor.workload import FILE, parse

WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "rea"), ("EMAIL", "rea@localhost"))
}
_NEW = "0" * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A change on top of ``commit``, the levers that its patches add, and the text of the commit. ``name`` is the branch's."""

    name: str
    commit: str
    change: Change
    levers: tuple[Lever, ...]
    title: str  # of the file that holds the settings
    message: str


def branch(repository: Path, directory: Path, proposed: Proposed) -> str:
    """Make the branch and return its commit; ``directory`` is the campaign's.

    Raises:
        UsageError: the name is none, or there is such a branch.
        WorkloadError: ``repository`` no longer holds the campaign's commit.
        IntegrityError: a patch makes another tree there than it did here.
    """
    ref = _ref(repository, proposed.name)
    mirror = Mirror(mirror_of(directory))
    patches = [patch_of(directory, p.digest) for p in proposed.change.patches]
    wanted = mirror.tree(proposed.commit) if not patches else patched(mirror, proposed.commit, patches)
    with tempfile.TemporaryDirectory(prefix="rea-index-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        _read(repository, proposed.commit, index)
        for patch in patches:
            words = ("--cached", "--whitespace=nowarn", "--no-ignore-whitespace", str(patch))
            git(repository, "apply", *words, extra=index)
        if git(repository, "write-tree", extra=index).strip() != wanted:
            raise IntegrityError("the patches make another tree in the repository than in the mirror", "see rea doctor")
        tree = _with_settings(repository, proposed, index)
    made = git(
        repository, "commit-tree", tree, "-p", proposed.commit, given=proposed.message.encode(), extra=WHO
    ).strip()
    try:
        git(repository, "update-ref", "--no-deref", "-m", "rea branch", ref, made, _NEW)
    except WorkloadError as error:
        raise UsageError(f"the branch {proposed.name} was not made: {error.message}", "give --name another") from error
    return made


def _ref(repository: Path, name: str) -> str:
    try:
        git(repository, "check-ref-format", f"refs/heads/{name}")
    except WorkloadError as error:
        raise UsageError(f"{name!r} cannot name a branch", "use letters, digits, '-' and '/'") from error
    if name.startswith("-") or git(repository, "for-each-ref", f"refs/heads/{name}").strip():
        raise UsageError(f"there is a branch {name!r} already", "give --name another; nothing is overwritten")
    return f"refs/heads/{name}"


def _read(repository: Path, commit: str, index: Mapping[str, str]) -> None:
    try:
        git(repository, "read-tree", commit, extra=index)
    except WorkloadError as error:
        raise WorkloadError(
            f"{repository} no longer holds the campaign's commit {commit[:12]}", "fetch it back, then try again"
        ) from error


def _with_settings(repository: Path, proposed: Proposed, index: Mapping[str, str]) -> str:
    """Add the file of settings, and to workload.toml the levers that the patches add; return the tree."""
    files = {proposed.title: settings(proposed)}
    if proposed.levers:
        told = git(repository, "cat-file", "blob", f"{proposed.commit}:{FILE}")
        files[FILE] = told.rstrip("\n") + "\n\n" + "\n".join(lever_table(lever) for lever in proposed.levers)
        parse(files[FILE])
    lines = []
    for path, text in files.items():
        blob = git(repository, "hash-object", "-w", "--stdin", given=text.encode(errors="surrogateescape")).strip()
        lines.append(f"100644 {blob}\t{path}")
    git(repository, "update-index", "-z", "--index-info", given="\0".join([*lines, ""]).encode(), extra=index)
    return git(repository, "write-tree", extra=index).strip()


def settings(proposed: Proposed) -> str:
    """Return the file that names every setting and patch of what is proposed, as TOML."""
    lines = [
        "# What to set on top of the defaults; the code that it needs is in this commit.",
        f"commit = {quoted(proposed.commit)}",
    ]
    lines += [f"patches = {listed([p.digest for p in proposed.change.patches])}", "", "[overrides]"]
    for name, value in proposed.change.overrides:
        lines.append(f"{quoted(name)} = {quoted(value) if isinstance(value, str) else formatted(value)}")
    return "\n".join([*lines, ""])


def lever_table(lever: Lever) -> str:
    """Return a lever as workload.toml declares it."""
    default = quoted(lever.default) if isinstance(lever.default, str) else formatted(lever.default)
    lines = [
        "[[lever]]",
        f"name = {quoted(lever.name)}",
        f"type = {quoted(lever.type)}",
        f"role = {quoted(lever.role)}",
    ]
    lines.append(f"default = {default}")
    if lever.type is LeverType.CHOICE:
        lines.append(f"choices = {listed(lever.choices)}")
    for name, bound in (("low", lever.low), ("high", lever.high)):
        if bound is not None:
            lines.append(f"{name} = {int(bound) if lever.type is LeverType.INT else float(bound)!r}")
    return "\n".join([*lines, ""])
