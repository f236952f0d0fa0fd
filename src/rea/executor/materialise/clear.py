"""Clearing away what ended jobs leave: disks fill up over two weeks."""

import shutil
from pathlib import Path

from rea.domain.workload import Command
from rea.executor.materialise.layout import JobPlace

SMALL_BYTES = 1 << 20


def clear(place: JobPlace, command: Command, *, resumable: bool) -> None:
    """Remove tree, scratch and every large file in ``out`` but predictions, claims and (where resumable) the checkpoint."""
    for folder in (place.tree, place.scratch):
        shutil.rmtree(folder, ignore_errors=True)
    kept = {command.predictions, command.claims, *([command.checkpoint] if resumable else [])} - {""}
    keep = tuple(place.out / name for name in kept)
    for path in _files(place.out):
        if not any(path.is_relative_to(one) for one in keep) and path.lstat().st_size > SMALL_BYTES:
            path.unlink()
    if command.checkpoint and not resumable:
        _remove(place.out / command.checkpoint)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_symlink() or path.is_file()]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
