"""Clearing away what ended jobs leave: disks fill up over two weeks."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from rea.domain.workload import Command
from rea.executor.materialise.layout import JobPlace

SMALL_BYTES = 1 << 20
MOST_SMALL = 10_000  # files


def clear(place: JobPlace, command: Command, *, resumable: bool) -> None:
    """Remove tree, scratch and every large file in ``out`` but predictions, claims and (where resumable) the checkpoint.

    Of small files ``MOST_SMALL`` stay, so that a job that leaves a million takes neither the disk's inodes nor our memory.
    """
    for folder in (place.tree, place.scratch):
        shutil.rmtree(folder, ignore_errors=True)
    kept = {command.predictions, command.claims, *([command.checkpoint] if resumable else [])} - {""}
    keep = tuple(str(place.out / name) for name in kept)
    small = 0
    for entry in _files(place.out):
        if any(entry.path == one or entry.path.startswith(f"{one}/") for one in keep):
            continue
        large = entry.stat(follow_symlinks=False).st_size > SMALL_BYTES
        small += not large
        if large or small > MOST_SMALL:
            os.unlink(entry.path)  # noqa: PTH108 there may be a million: a Path each takes longer than the removal
    if command.checkpoint and not resumable:
        _remove(place.out / command.checkpoint)


def _files(folder: Path) -> Iterator["os.DirEntry[str]"]:
    """Yield what lies in ``folder``, at any depth, one at a time; links are not followed."""
    waiting = [str(folder)] if folder.is_dir() else []
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                    yield entry


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
