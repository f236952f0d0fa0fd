"""Our jobs on a Ray cluster, as its head lists them. Ray knows no users: a job whose directory is another user's is not ours."""

import os
import shlex
from pathlib import Path

from rea.executor.backends.ray.client import Client, Entry
from rea.executor.backends.ray.states import OVER
from rea.executor.backends.stray import Stray, key_of, ours


def strays(client: Client) -> tuple[Stray, ...]:
    """Return the jobs that carry a key of ours and have not ended. Raises BackendUnreachable: nothing is known."""
    alive = (entry for entry in client.every() if ours(entry.submission_id or "") and entry.status not in OVER)
    found = (_stray(client, entry) for entry in alive)
    return tuple(stray for stray in found if not _foreign(stray.directory))


def _stray(client: Client, entry: Entry) -> Stray:
    key = entry.submission_id or ""
    return Stray(
        backend="ray",
        key=key,
        detail=f"{entry.status} at {client.address}",
        cancel=("ray", "job", "stop", f"--address={client.address}", key),
        directory=_directory(entry.entrypoint, key),
    )


def _directory(line: str, key: str) -> Path | None:
    """Return where a job lies: the script that Ray was told to run is in it, and its key follows from it."""
    try:
        script = Path(shlex.split(line)[-1])
    except (ValueError, IndexError):
        return None
    return script.parents[1] if len(script.parts) > 2 and key_of(script.parents[1]) == key else None


def _foreign(directory: Path | None) -> bool:
    try:
        return directory is not None and directory.stat().st_uid != os.getuid()
    except OSError:  # it is gone, or not for us to look at
        return False
