"""The environment of every job of a campaign: taken down once, so that who woke us makes no difference."""

from collections.abc import Mapping
from pathlib import Path

from rea.domain.workload import Command
from rea.executor.contract import clean_environment
from rea.executor.contract.spec import DEFAULT_PATH
from rea.executor.materialise.interpreter import outside_ours

Pairs = tuple[tuple[str, str], ...]
_OWN_PLACE = ("HOME", "TMPDIR", "USER", "LOGNAME", "SHELL")
_STEADY = {
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNOUSERSITE": "1",
    "PYTHONUNBUFFERED": "1",  # a buffered log looks like a hanging job
}


def inherited(ours: Mapping[str, str], python: str) -> Pairs:
    """Return what jobs inherit of our environment: an allow-list, ``python`` first on the PATH, our own environment not on it."""
    kept = {name: value for name, value in clean_environment(ours) if name not in _OWN_PLACE}
    path = outside_ours(ours.get("PATH", DEFAULT_PATH))
    return tuple(sorted({**kept, "PATH": f"{Path(python).parent}:{path}"}.items()))


def environment_of(kept: Pairs, command: Command, scratch: Path, tree: Path) -> Pairs:
    """Return the whole environment of one job, sorted. Its home and temporary folder are its own.

    Its tree comes first where Python looks for modules: else an installed copy of the same package would be trained instead.
    """
    own = {"HOME": str(scratch), "TMPDIR": str(scratch), "PYTHONPATH": _roots(tree)}
    return tuple(sorted({**dict(kept), **_STEADY, **own, **dict(command.environment)}.items()))


def _roots(tree: Path) -> str:
    return ":".join(str(folder) for folder in (tree, tree / "src") if folder.is_dir())
