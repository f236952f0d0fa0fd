"""Whether this campaign's jobs run in a sandbox, and what they find there."""

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rea.domain.job import LOCAL
from rea.domain.workload import Confinement
from rea.executor.backends.chosen import recorded
from rea.executor.materialise.cell import Cell
from rea.executor.materialise.workspace import LocalWorkspace
from rea.executor.observations import Confined
from rea.sandbox import Box, probe, run

_ASK = "import json, sys; print(json.dumps([sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, *sys.path]))"
_SEEN = 'for f; do if [ -r "$f" ]; then echo "$f"; fi; done'
_LONGEST_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """What must never be in sight of a job, and must not be let in because something that it needs lies above it."""

    repository: Path
    directory: Path
    source: Path | None

    @property
    def private(self) -> tuple[Path, ...]:
        found = (self.directory, self.repository, Path.home(), *([self.source] if self.source else []))
        return tuple(dict.fromkeys(q for p in found for q in (p.absolute(), p.resolve())))


def look_at_confinement(
    wanted: Confinement, python: str, read: tuple[str, ...], near: Neighbourhood
) -> tuple[Cell | None, Confined]:
    """Return the sandbox that jobs get, None where they run free, and why."""
    required = wanted is Confinement.REQUIRED
    if wanted is Confinement.OFF:
        return None, Confined(why="switched off", required=False)
    backend = recorded(near.directory).name
    if backend != LOCAL:
        return None, Confined(why=f"jobs run on {backend}, where nothing of ours confines them", required=required)
    found = probe()
    if not found.works:
        return None, Confined(why=found.why, fix=found.fix, required=required)
    hide = [near.directory, *([near.source] if near.source else [])]
    hidden = dict.fromkeys(str(q) for p in hide for q in (p.absolute(), p.resolve()))
    return Cell(runtime=tuple(runtime_of(python, near)), read=read, hide=tuple(hidden)), Confined(required=required)


def runtime_of(python: str, near: Neighbourhood) -> Iterator[str]:
    """Yield the folders that ``python`` needs to start and to import what is installed; none that holds something private."""
    prefixes, libraries = _answer(python)
    own = [Path(python).parent.parent, *map(Path, prefixes)]
    candidates = [*own, *map(Path, libraries), *_linked(os.environ.get("LD_LIBRARY_PATH", ""))]
    for path in dict.fromkeys(q for p in candidates for q in (p.absolute(), p.resolve())):
        inside = path.is_relative_to(near.repository) and not any(path.is_relative_to(prefix) for prefix in own)
        above = any(private.is_relative_to(path) for private in near.private)
        if path.is_dir() and not inside and not above:
            yield str(path)


def _answer(python: str) -> tuple[list[str], list[str]]:
    try:
        done = subprocess.run((python, "-I", "-c", _ASK), capture_output=True, timeout=_LONGEST_S, check=True, env={})
        told = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return [], []  # that it does not start is told where the interpreter is looked at
    return told[:4], [path for path in told[4:] if path]


def _linked(variable: str) -> Iterable[Path]:
    return (Path(part) for part in variable.split(os.pathsep) if part.startswith("/"))


def in_sight(ours: LocalWorkspace, files: Iterable[Path]) -> tuple[str, ...]:
    """Return those of ``files`` that a job can read, by trying to, from where a job runs."""
    cell = ours.record.cell
    if cell is None:
        return tuple(str(path) for path in files if os.access(path, os.R_OK))
    box = Box(runtime=cell.runtime, hide=cell.hide, read=cell.read, write=())
    names = dict.fromkeys(str(q) for p in files for q in (p.absolute(), p.resolve()))
    return tuple(run(box, ("sh", "-c", _SEEN, "sh", *names), {"PATH": os.defpath}, _LONGEST_S).said.split())
