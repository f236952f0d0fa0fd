"""The machine: room, memory, and the commands that local jobs need."""

import os
import shutil
from pathlib import Path

from rea.executor.backends.chosen import recorded
from rea.executor.observations import MachineFacts

NEEDED = ("sh", "setsid", "flock", "git")


def look_at_machine(directory: Path, source: Path | None, timer: str) -> MachineFacts:
    """Return what there is; ``source`` is the data file where it is known."""
    return MachineFacts(
        free_bytes=shutil.disk_usage(directory).free,
        data_bytes=source.stat().st_size if source is not None and source.exists() else 0,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        missing=tuple(name for name in NEEDED if shutil.which(name) is None),
        timer=timer,
        backend=recorded(directory).name,
    )
