"""Bringing in what a team has already: read, matched to the workload's levers, and kept as claims."""

from collections.abc import Mapping
from pathlib import Path

from rea import app
from rea.domain.errors import UsageError
from rea.domain.workload import Workload
from rea.executor.workload import load
from rea.knowledge.importers import read
from rea.knowledge.importing.bring import Asked, Brought, bring
from rea.settings import Settings


def bring_in(config: Settings, workload: Workload, asked: Asked, keep: bool = True) -> Brought:
    """Read the runs, and keep what follows from them in place of what an earlier import of the same place brought; with ``keep`` false, only tell.

    Raises:
        UsageError: the place, the metric or the mapping cannot be used; nothing was written.
    """
    brought = bring(workload, read(asked.kind, asked.place, asked.experiment), asked)
    if keep and brought.insights:
        app.insights(config).replace(brought.campaign, brought.insights)
    return brought


def asked_of(
    kind: str,
    place: str,
    directory: Path,
    *,
    experiment: str = "",
    metric: str = "",
    maps: tuple[str, ...] = (),
    data: str = "",
) -> tuple[Workload, Asked]:
    """Return the workload, and what is asked in the words of a command line: ``--metric THEIRS[=OURS]`` and ``--map THEIRS=LEVER``.

    Raises:
        UsageError: a word has no ``=``, or the workload cannot be read.
    """
    workload = load(directory)
    theirs, sign, ours = (metric or workload.primary).rpartition("=")
    asked = Asked(
        kind=kind,
        place=place if "://" in place else str(Path(place).resolve()),
        experiment=experiment,
        metric=(theirs if sign else ours, ours),
        levers=_pairs(maps),
        data=data,
    )
    return workload, asked


def _pairs(maps: tuple[str, ...]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for word in maps:
        theirs, sign, lever = word.rpartition("=")
        if not sign or not theirs:
            raise UsageError(f"{word!r} maps nothing", "write --map THEIRS=LEVER, or --map THEIRS= to ignore it")
        found[theirs] = lever
    return found
