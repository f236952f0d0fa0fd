"""Files that are there whole or not at all, private where they hold labels."""

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, fill: Callable[[Path], object], mode: int = 0o644) -> None:
    """Let ``fill`` write a file beside ``path``, make it durable, then put it in the place of ``path``.

    Names that start with a dot are never read by anyone, so a half-written file cannot be mistaken for a whole one.
    """
    half = path.with_name(f".{path.name}.{os.getpid()}.half")
    try:
        os.close(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode))
        fill(half)
        _sync(half, os.O_RDONLY)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    _sync(path.parent, os.O_RDONLY | os.O_DIRECTORY)


def open_plain(root: Path, relative: str) -> BinaryIO:
    """Open a plain file of one name below ``root`` without following any link on the way down, so that nothing can be swapped in.

    Raises:
        FileNotFoundError: there is none.
        NotPlain: it or a folder on the way is a link, a device or a second name of another file.
    """
    *folders, name = Path(relative).parts
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            below = _opened(folder, os.O_RDONLY | os.O_DIRECTORY, at)
            os.close(at)
            at = below
        handle = _opened(name, os.O_RDONLY | os.O_NONBLOCK, at)
    finally:
        os.close(at)
    facts = os.fstat(handle)
    if stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1:
        return os.fdopen(handle, "rb")
    os.close(handle)
    raise NotPlain(f"{name} is a device or a second name of another file, not a file of its own")


class NotPlain(OSError):
    """What was to be a file of the job's own is something else."""


def _opened(name: str, flags: int, at: int) -> int:
    try:
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=at)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
            raise NotPlain(f"{name} is a link or a device, not a file") from error
        raise


def private_directory(path: Path) -> Path:
    """Make ``path`` and let nobody else in."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
