"""Patches: applied to trees in our bare mirror through an index of their own, and let through only where they keep in bounds."""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from rea.domain.change import Patch
from rea.domain.errors import Conflict, UsageError, WorkloadError
from rea.domain.ids import Digest
from rea.domain.workload import Workload
from rea.executor.materialise.git import git
from rea.executor.materialise.layout import patch_of
from rea.executor.materialise.mirror import Mirror
from rea.executor.materialise.paths import may_edit, startup

LARGEST_BYTES = 200_000
_PLAIN_MODES = ("000000", "100644", "100755")


def admit(text: str, workload: Workload, mirror: Mirror, commit: str, levers: Sequence[str] = ()) -> Patch:
    """Check a diff against the rules, keep it beside the mirror and return it by its digest.

    What it does is read off the tree that it makes, not off its text. Raises UsageError naming every rule that it breaks, and
    Conflict where it does not apply.
    """
    content = text.encode(errors="surrogateescape")
    if len(content) > LARGEST_BYTES:
        raise UsageError(
            f"the patch has {len(content)} bytes, more than {LARGEST_BYTES}", "split it, or make it smaller"
        )
    name = name_of(text)
    kept = patch_of(mirror.path.parent, name)
    kept.parent.mkdir(parents=True, exist_ok=True)
    candidate = kept.with_name(f".{kept.name}")
    candidate.write_bytes(content)
    try:
        tree = _apply(mirror, commit, [candidate])
        touched = tuple(_refuse_or_list(mirror, commit, tree, workload))
        candidate.replace(kept)
    finally:
        candidate.unlink(missing_ok=True)
    return Patch(digest=name, paths=touched, levers=tuple(levers))


def name_of(text: str) -> Digest:
    """Return the digest of a patch, which is its name."""
    return Digest(hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest())


def patched(mirror: Mirror, commit: str, patches: Sequence[Path]) -> str:
    """Return the tree of ``commit`` with ``patches`` applied in order; ``commit`` itself where there are none.

    Raises:
        Conflict: one does not apply.
        WorkloadError: one is missing, or is not the one that was admitted.
    """
    for path in patches:
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != path.stem:
            raise WorkloadError(f"the patch {path} is missing or was altered", "see `rea doctor`")
    return _apply(mirror, commit, patches) if patches else commit


def size_of(mirror: Mirror, commit: str, patch: Path) -> tuple[int, int]:
    """Return how many lines a patch adds and removes, read off the trees."""
    words = ("-r", "-z", "--numstat", "--no-renames", commit, patched(mirror, commit, [patch]))
    lines = git(mirror.path, "diff-tree", *words).split("\0")
    numbers = [tuple(map(int, line.split("\t")[:2])) for line in lines if line]
    return sum(n[0] for n in numbers), sum(n[1] for n in numbers)


def _apply(mirror: Mirror, commit: str, patches: Sequence[Path]) -> str:
    with tempfile.TemporaryDirectory(prefix="rea-index-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        git(mirror.path, "read-tree", commit, extra=index)
        for patch in patches:
            try:
                words = ("--cached", "--whitespace=nowarn", str(patch))
                git(mirror.path, "apply", *words, extra=index)
            except WorkloadError as error:
                raise Conflict(
                    f"the patch {patch.stem.lstrip('.')[:8]} does not apply: {error.message}", "make it anew"
                ) from error
        return git(mirror.path, "write-tree", extra=index).strip()


def _refuse_or_list(mirror: Mirror, commit: str, tree: str, workload: Workload) -> list[str]:
    changes = list(_changes(mirror, commit, tree))
    broken = [text for path, modes in changes if (text := _broken(path, modes, workload))]
    broken += [f"{path} is binary" for path in _binary(mirror, commit, tree)]
    if broken:
        raise UsageError(
            "the patch may not be applied: " + "; ".join(broken), "keep to [paths] editable in workload.toml"
        )
    if not changes:
        raise UsageError("the patch changes nothing", "leave it out")
    return sorted(path for path, _ in changes)


def _broken(path: str, modes: tuple[str, str], workload: Workload) -> str:
    before, after = modes
    if not path.isprintable():
        return f"{path!r} is no name that could be shown"
    if not may_edit(path, workload.editable, (*workload.protected, workload.data.path)):
        return f"{path} is not editable"
    if startup(path):
        return f"{path} would run unasked, or tests what the patch does"
    if not set(modes) <= set(_PLAIN_MODES):
        return f"{path} is no plain file"
    if before not in ("000000", after) and after != "000000":
        return f"{path} changes its mode"
    return f"{path} is a new executable" if (before, after) == ("000000", "100755") else ""


def _changes(mirror: Mirror, commit: str, tree: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield (path, (mode before, mode after)) of every file that differs."""
    words = git(mirror.path, "diff-tree", "-r", "-z", "--raw", "--no-renames", commit, tree).split("\0")
    for entry, path in zip(words[:-1:2], words[1::2], strict=True):
        before, after = entry.removeprefix(":").split()[:2]
        yield path, (before, after)


def _binary(mirror: Mirror, commit: str, tree: str) -> list[str]:
    lines = git(mirror.path, "diff-tree", "-r", "-z", "--numstat", "--no-renames", commit, tree).split("\0")
    return [line.split("\t", 2)[2] for line in lines if line.startswith("-\t-\t")]
