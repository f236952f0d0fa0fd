"""A paper is a text of others. Only a reader without tools sees it; what it says reaches nobody else but as typed facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rea.domain.ids import digest

MOST_LINES = 400  # of one paper that are read
WIDEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """``url`` is where a person finds it; no role is shown it."""

    title: str
    text: str
    url: str = ""

    @property
    def id(self) -> str:
        return "p" + digest("paper", self.title, self.text)[:8]

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines that are read, numbered from 1."""
        rows = (f"{self.title}\n{self.text}").splitlines()[:MOST_LINES]
        return tuple("".join(ch for ch in row if ch.isprintable())[:WIDEST] for row in rows)


class Literature(Protocol):
    """Where papers are looked for. What cannot be reached is as good as empty: no campaign waits for a library."""

    def find(self, words: Sequence[str], most: int) -> Sequence[Paper]: ...
