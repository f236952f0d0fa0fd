"""Jobs that run on this machine, by what the kernel knows: it tells of those too whose directory was deleted."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from rea.domain.job import LOCAL
from rea.executor.backends.stray import LOCK, Stray

DELETED = " (deleted)"
_PROC = Path("/proc")


def strays() -> tuple[Stray, ...]:
    """Return the jobs of this user: by the lock that they hold open. Processes of other users are not looked at."""
    groups: dict[Path, set[int]] = {}
    for pid in _own():
        with suppress(ProcessLookupError):  # it has just ended
            group = os.getpgid(pid)
            for directory in _jobs_of(pid):
                groups.setdefault(directory, set()).add(group)
    return tuple(_stray(directory, sorted(found)) for directory, found in sorted(groups.items()))


def _stray(directory: Path, groups: list[int]) -> Stray:
    return Stray(
        backend=LOCAL,
        key=directory.name,
        detail=f"process group{'s' if len(groups) > 1 else ''} {', '.join(map(str, groups))} on this machine",
        cancel=("kill", "-s", "TERM", "--", *(f"-{group}" for group in groups)),
        directory=directory,
    )


def _own() -> Iterator[int]:
    for entry in _PROC.iterdir():
        try:
            if entry.name.isdigit() and entry.stat().st_uid == os.getuid():
                yield int(entry.name)
        except OSError:  # it has just ended
            continue


def _jobs_of(pid: int) -> set[Path]:
    found = set()
    try:
        for handle in (_PROC / str(pid) / "fd").iterdir():
            target = Path(str(handle.readlink()).removesuffix(DELETED))
            if target.parts[-2:] == LOCK.parts and target.parts[-4:-3] == ("jobs",):
                found.add(target.parents[1])
    except OSError:  # it has just ended
        return set()
    return found
