"""One thing that is wrong in workload.toml, and where."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """``place`` is as one would look for it in the file, such as ``[[lever]] 3 (learning_rate)``."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}" if self.place else self.text


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ", did you mean ...?" with the known word closest to ``word``, or nothing where none is known."""
    candidates = tuple(map(str, known))
    close = difflib.get_close_matches(word[:100], candidates, n=1, cutoff=0.0)
    return f", did you mean {close[0]!r}?" if close else ""
