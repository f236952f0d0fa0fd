"""The sandbox of a campaign's jobs: what all of them can read, and of each its own places. Taken down when the campaign is checked."""

from collections.abc import Sequence
from dataclasses import dataclass

from rea.executor.materialise.layout import JobPlace
from rea.sandbox import Box

LOCK = 9  # the descriptor by which the wrapper knows that a job lives; the job itself must not be able to let go of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """``runtime`` is what the interpreter needs, ``read`` what workload.toml asks for beside it; ``hide`` stays out of sight in any case."""

    runtime: tuple[str, ...]
    read: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()


def box_of(cell: Cell, place: JobPlace, handed: Sequence[str]) -> Box:
    """Return the sandbox of one job: it reads what it is ``handed`` and writes its own tree, output and scratch folder.

    What it writes are mounts there, so that none can be put aside and replaced by a link.
    """
    return Box(
        runtime=cell.runtime,
        hide=cell.hide,
        read=(*cell.read, *handed),
        write=(str(place.tree), str(place.out), str(place.scratch)),
        cwd=str(place.tree),
        held=LOCK,
        session=False,
    )
