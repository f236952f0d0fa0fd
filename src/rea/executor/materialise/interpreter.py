"""Which Python runs the training: the workload's own, never the one that runs us by accident."""

import os
import shutil
import sys
from pathlib import Path

from rea.domain.errors import WorkloadError


def find_interpreter(stated: str, repository: Path, chosen: str | None = None) -> str:
    """Return the absolute path of the workload's interpreter; links are kept, since a virtual environment is one.

    ``chosen`` is a person's choice and wins over what workload.toml ``stated``. A bare name such as ``python`` is looked for in
    the repository's ``.venv`` and ``venv``, then on the PATH, our own environment left out.
    Raises WorkloadError where there is none.
    """
    wanted = str(Path(os.path.expandvars(chosen or stated)).expanduser())
    origin = Path.cwd() if chosen else repository
    found = _absolute(origin / wanted) if os.sep in wanted else _by_name(wanted, repository)
    if found is None:
        raise WorkloadError(
            f"there is no interpreter {wanted!r} for the training",
            "state the path of its environment's python as [command] python in workload.toml, or give --python PATH",
        )
    return found


def outside_ours(path: str) -> str:
    """Return a PATH without the folder of the environment that we run in."""
    ours = {os.path.normpath(Path(sys.prefix) / "bin"), os.path.normpath(Path(sys.executable).parent)}
    own = ours if sys.prefix != sys.base_prefix else set()
    return os.pathsep.join(part for part in path.split(os.pathsep) if part and os.path.normpath(part) not in own)


def is_ours(interpreter: str) -> bool:
    """Whether jobs would share the environment that we run in."""
    return os.path.normpath(Path(interpreter).parent.parent) == os.path.normpath(sys.prefix)


def _by_name(name: str, repository: Path) -> str | None:
    local = (_absolute(repository / folder / "bin" / name) for folder in (".venv", "venv"))
    return next(filter(None, local), None) or shutil.which(name, path=outside_ours(os.environ.get("PATH", os.defpath)))


def _absolute(path: Path) -> str | None:
    return str(path.absolute()) if path.is_file() and os.access(path, os.X_OK) else None
