"""Making a job's directory, and writing into it so that a power cut cannot tear a file."""

import os
from pathlib import Path

from rea.domain.errors import IntegrityError
from rea.executor.contract.exit import RESERVED_BYTES
from rea.executor.contract.spec import Spec


def control_of(directory: Path) -> Path:
    """Return the part of a job's directory that is ours."""
    return directory / "control"


def prepare(directory: Path, spec: Spec) -> None:
    """Make ``directory`` ready for the wrapper; once made, a repeat changes nothing.

    Room for the exit record is taken now, so that a disk that fills up later cannot swallow it.
    Raises IntegrityError where the directory was made for another spec.
    """
    control = control_of(directory)
    control.mkdir(mode=0o700, parents=True, exist_ok=True)
    (directory / "out").mkdir(exist_ok=True)
    told = spec.to_json()
    written = control / "spec"
    if written.exists():
        if written.read_text() != told:
            raise IntegrityError(
                f"job {spec.job} was prepared with another command or limit than now asked for",
                f"a job's name is its place: compare {written} and give the changed job a new attempt",
            )
        return
    sync_directory(directory)  # a claim is worth nothing in a folder whose name a power cut may take
    sync_directory(directory.parent)
    for name in ("log", "lock"):
        (control / name).touch(mode=0o600)
    write_durably(control / "exit.tmp", " " * RESERVED_BYTES)
    write_durably(written, told)


def write_durably(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` so that after a power cut it holds the old text or the new, never a part."""
    half = path.with_name(f"{path.name}.{os.getpid()}.half")
    with open(half, "w", opener=_private) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make the names in ``directory`` survive a power cut."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
