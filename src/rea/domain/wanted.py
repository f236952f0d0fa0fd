"""What no lever expresses: a change of code that is wished for, in words, until somebody makes a patch of it."""

from dataclasses import dataclass

from rea.domain.hypothesis import Effect
from rea.domain.ids import digest

UNSURE = Effect(value=0.0, low=-0.01, high=0.01)  # where nothing was said of it


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPatch:
    """``paths`` are the files that it would touch, all editable; ``by`` names who wants it, ``evidence`` what it rests on."""

    statement: str
    paths: tuple[str, ...]
    why: str
    by: str
    evidence: tuple[str, ...] = ()
    predicted: Effect = UNSURE

    @property
    def id(self) -> str:
        return "w" + digest("wanted patch", self.statement, tuple(sorted(self.paths)))[:8]
