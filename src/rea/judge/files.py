"""Files that are there whole or not at all, private where they hold labels."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path


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
