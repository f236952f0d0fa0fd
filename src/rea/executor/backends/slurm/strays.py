"""Our jobs on a Slurm cluster, as its controller lists them for this user."""

import os
from pathlib import Path

from rea.executor.backends.slurm.client import Client, Entry
from rea.executor.backends.slurm.states import state_of
from rea.executor.backends.stray import LOCK, Stray, ours


def strays(client: Client) -> tuple[Stray, ...]:
    """Return the jobs that carry a key of ours and have not ended. Raises BackendUnreachable: nothing is known."""
    alive = (entry for entry in client.queue() if ours(entry.name) and not state_of(entry.word).ended)
    return tuple(_stray(client, entry) for entry in alive)


def _stray(client: Client, entry: Entry) -> Stray:
    cluster = () if client.conf is None else ("env", f"SLURM_CONF={client.conf}")
    log = Path(client.log_of(entry))
    return Stray(
        backend="slurm",
        key=entry.name,
        detail=f"job {entry.number}, {entry.word}",
        cancel=(*cluster, "scancel", f"--user={os.getuid()}", f"--name={entry.name}"),
        directory=log.parents[1] if log.parent.name == LOCK.parent.name else None,
    )
