"""What a reader of logs suggests about a failure that nobody knew: a cause from a closed list, the lines that show it, and what to try."""

from dataclasses import dataclass

from rea.domain.hypothesis import Move
from rea.domain.ids import JobId
from rea.domain.runbook import Cause, Remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """About one failed job. It is believed only once its remedy has held in a rerun. ``lines`` are those of the job's log that show the cause.

    Where no usable answer came, ``cause`` is None and ``by`` says why.
    """

    job: JobId
    cause: Cause | None
    by: str
    remedy: Remedy = Remedy.DROP
    moves: tuple[Move, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How a suggested remedy did in ``rerun``. ``entry`` names the candidate for the runbook that came of it, if any."""

    job: JobId
    rerun: JobId
    held: bool
    entry: str = ""
    reason: str = ""
