"""What a team has already: one file each, found by its name. ``read(place, experiment)`` returns its runs, and changes nothing there."""

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from rea.domain.errors import UsageError
from rea.knowledge.importing.runs import Archive


class Importer(Protocol):
    """Reads the runs at a path or URL; ``experiment`` chooses where a place holds several (empty: all, or the only one)."""

    def read(self, place: str, experiment: str) -> Archive: ...


def kinds() -> tuple[str, ...]:
    """Return the names of all importers."""
    return tuple(sorted(p.stem for p in Path(__file__).parent.glob("*.py") if p.stem != "__init__"))


def read(kind: str, place: str, experiment: str = "") -> Archive:
    """Read the runs at ``place``.

    Raises:
        UsageError: there is no such importer or place, or it is not what the importer reads.
    """
    if kind not in kinds():
        raise UsageError(f"there is no importer {kind!r}", f"one of: {', '.join(kinds())}")
    return cast(Importer, import_module(f"{__name__}.{kind}")).read(place, experiment)
