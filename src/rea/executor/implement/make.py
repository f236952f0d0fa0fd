"""Having a patch made by a program that nobody vouches for: it gets a plain copy of the editable paths, and what it alters comes back as a diff.

Git never runs where the program has been: files are read by us, and stored in our own mirror.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rea.domain.errors import UsageError
from rea.executor.contract.log import plain
from rea.executor.materialise.git import git
from rea.executor.materialise.layout import mirror_of
from rea.executor.materialise.mirror import Mirror
from rea.executor.materialise.paths import may_edit, startup
from rea.executor.materialise.workspace import LocalWorkspace
from rea.sandbox import Box, Done, run
from rea.sandbox.reach import Door, address, door

LARGEST_FILE = 1 << 20
MOST_FILES = 2000
TASK = "TASK.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked of whom: ``argv`` may hold ``{task}``, the file with the task's text, which also comes on its stdin.

    ``read`` names what the program needs of this machine beside the system: where it is installed. ``reach`` is the one address, ``HOST:PORT``,
    that it may reach, as the same port of its own loopback; without it there is no network at all.
    """

    task: str
    argv: tuple[str, ...]
    read: tuple[str, ...] = ()
    time_limit_s: float = 1800.0
    reach: str = ""


def made(ours: LocalWorkspace, order: Order) -> tuple[str, Done]:
    """Return the diff against the campaign's commit, and how the program ended.

    Raises:
        UsageError: there is no sandbox, the program failed, altered nothing, or left what is no plain file.
    """
    if ours.record.cell is None:
        raise UsageError(
            "this campaign has no sandbox, and nothing is made without", "see rea doctor, then begin one anew"
        )
    place = Path(tempfile.mkdtemp(prefix="making-", dir=ours.directory))
    try:
        before = _copied(ours, place)
        done = _asked(ours, order, place)
        if not done.well:
            how = f"was not over within {order.time_limit_s:.0f} s" if done.timed_out else f"ended with {done.code}"
            raise UsageError(
                f"{order.argv[0]} {how}: {plain(done.said).strip()[-800:]}", "correct --command, or try again"
            )
        after = dict(_left(place / "copy"))
        return difference(ours, before, after), done
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _copied(ours: LocalWorkspace, place: Path) -> dict[str, bytes]:
    """Make the copy of what a patch may touch, and return it."""
    mirror = Mirror(mirror_of(ours.directory))
    mirror.export(ours.record.commit, place / "whole", without=(ours.workload.data.path,))
    found: dict[str, bytes] = {}
    for name in mirror.files(ours.record.commit):
        source = place / "whole" / name
        allowed = may_edit(name, ours.workload.editable, (*ours.workload.protected, ours.workload.data.path))
        if allowed and not startup(name) and source.is_file() and not source.is_symlink():
            found[name] = source.read_bytes()
    for name, content in found.items():
        made_at = place / "copy" / name
        made_at.parent.mkdir(parents=True, exist_ok=True)
        made_at.write_bytes(content)
    shutil.rmtree(place / "whole")
    if not found:
        raise UsageError("no file of the repository is editable", "state [paths] editable in workload.toml")
    return found


def _asked(ours: LocalWorkspace, order: Order, place: Path) -> Done:
    if not order.reach:
        return _run(ours, order, place, None)
    with door(address(order.reach), ours.record.python) as way:
        return _run(ours, order, place, way)


def _run(ours: LocalWorkspace, order: Order, place: Path, way: Door | None) -> Done:
    assert ours.record.cell is not None
    cell, task, scratch = ours.record.cell, place / TASK, place / "scratch"
    scratch.mkdir()
    task.write_text(order.task)
    box = Box(
        runtime=cell.runtime,
        hide=cell.hide,
        read=(*order.read, str(task), *(way.read if way else ())),
        write=(str(place / "copy"), str(scratch)),
        cwd=str(place / "copy"),
    )
    argv = tuple(word.replace("{task}", str(task)) for word in order.argv)
    argv = way.command(argv) if way else argv
    environment = {"PATH": f"{Path(ours.record.python).parent}:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    return run(
        box, argv, environment | {"HOME": str(scratch), "TMPDIR": str(scratch)}, order.time_limit_s, order.task.encode()
    )


def _left(copy: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every file that is there now. Links and devices are not followed but refused: they could lead to anything of ours."""
    count = 0
    for folder, folders, files in os.walk(copy):
        for name in (*files, *(f for f in folders if Path(folder, f).is_symlink())):
            path = Path(folder, name)
            told = path.relative_to(copy).as_posix()
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK) if not path.is_symlink() else -1
            count += 1
            yield told, _content(handle, told, count)


def _content(handle: int, told: str, count: int) -> bytes:
    if handle < 0:
        raise UsageError(f"{told} was made a link", "let the program write plain files only")
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink > 1:
            raise UsageError(f"{told} is no plain file", "let the program write plain files only")
        if facts.st_size > LARGEST_FILE or count > MOST_FILES:
            raise UsageError(f"{told}: too large, or one of too many files", "let the program clear up after itself")
        return file.read(LARGEST_FILE + 1)


def difference(ours: LocalWorkspace, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """Return what turned ``before`` into ``after``, as a diff against the campaign's commit. Raises UsageError where nothing did."""
    mirror, commit = mirror_of(ours.directory), ours.record.commit
    altered = {name: content for name, content in after.items() if before.get(name) != content}
    gone = [name for name in before if name not in after]
    if not altered and not gone:
        raise UsageError("the program altered nothing", "say in the task what is to be changed")
    lines = [f"0 {'0' * 40}\t{name}" for name in gone]
    for name, content in altered.items():
        blob = git(mirror, "hash-object", "-w", "--stdin", given=content).strip()
        lines.append(f"{_mode(mirror, commit, name)} {blob}\t{name}")
    with tempfile.TemporaryDirectory(prefix="rea-index-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        git(mirror, "read-tree", commit, extra=index)
        git(mirror, "update-index", "-z", "--index-info", given="\0".join([*lines, ""]).encode(), extra=index)
        tree = git(mirror, "write-tree", extra=index).strip()
    words = ("-p", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")
    return git(mirror, "diff-tree", *words, commit, tree)


def _mode(mirror: Path, commit: str, name: str) -> str:
    """A file keeps its mode, a new one is plain: what the program made of modes is not looked at."""
    known = git(mirror, "ls-tree", "-z", commit, "--", f":(literal){name}")
    return known.split()[0] if known else "100644"
