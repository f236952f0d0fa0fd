"""Looking around in a repository: scripts, configuration, data. Nothing is imported, run or altered."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rea.domain.errors import WorkloadError
from rea.executor.initial.columns import DataFile, data_files
from rea.executor.initial.configuration import read_configuration
from rea.executor.initial.guess import habit_of
from rea.executor.initial.options import Option, Script, read_script

_SKIPPED = {
    "venv",
    "env",
    "node_modules",
    "__pycache__",
    "build",
    "dist",
    "site-packages",
    "outputs",
    "wandb",
    "mlruns",
}
_MOST_FILES = 5_000
_LARGEST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """``script`` is what probably trains; ``options`` its settings; ``others`` are further scripts that can be run."""

    name: str
    script: Script | None
    options: tuple[Option, ...]
    others: tuple[str, ...]
    data: tuple[DataFile, ...]
    folders: tuple[str, ...]


def survey(root: Path) -> Survey:
    """Look around in ``root``.

    Raises:
        WorkloadError: it is no folder.
    """
    if not root.is_dir():
        raise WorkloadError(f"{root} is no folder", "name the folder of your training repository")
    paths = [path for path, _ in zip(_walk(root), range(_MOST_FILES), strict=False)]
    small = [p for p in paths if p.endswith(".py") and (root / p).stat().st_size < _LARGEST_BYTES]
    scripts = sorted((s for p in small if (s := read_script(root, p)) and s.runs), key=_likelihood, reverse=True)
    first = scripts[0] if scripts else None
    return Survey(
        name=root.resolve().name,
        script=first,
        options=_options(root, first) if first else (),
        others=tuple(s.path for s in scripts[1:6]),
        data=data_files(root, paths),
        folders=tuple(sorted({f"{Path(p).parts[0]}/" for p in small if len(Path(p).parts) > 1})),
    )


def _walk(root: Path) -> Iterator[str]:
    for folder, names, files in os.walk(root):
        names[:] = sorted(n for n in names if n not in _SKIPPED and not n.startswith("."))
        yield from (os.path.relpath(Path(folder, file), root) for file in sorted(files))


def _likelihood(script: Script) -> tuple[bool, bool, int, int]:
    """How probably a script is the one that trains: by its name, by Hydra, by how many levers it takes."""
    name = Path(script.path).stem.lower()
    called = "train" in name or name in ("main", "run")
    levers = sum(habit_of(option) is not None for option in script.options)
    return (bool(script.hydra) or levers > 1, called and "test" not in name, levers, -len(Path(script.path).parts))


def _options(root: Path, script: Script) -> tuple[Option, ...]:
    if script.hydra is None:
        return script.options
    folder, name = script.hydra
    return read_configuration((root / script.path).parent / folder, name)
