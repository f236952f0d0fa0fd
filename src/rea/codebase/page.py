"""Text in pages that a model can be handed: at most 2,000 tokens each, whatever the text. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_TOKENS = 2000  # of a page, what it says of itself included
_OF_ITSELF = 60  # tokens for the last line of a page
WIDEST = 400  # characters of a line; the rest is cut, and the line says so

# Every common tokenizer needs fewer: it never splits further than bytes, and joins letters and blanks at least so far in text that people write.
_PIECE = re.compile(r"[A-Za-z]{1,2}|[ \t]{1,2}|.", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of ``pages``, counted from 1."""

    text: str
    page: int
    pages: int

    def __str__(self) -> str:
        return f"{self.text}\n-- page {self.page} of {self.pages} --" if self.pages > 1 else self.text


def tokens_at_most(text: str) -> int:
    """Return an upper estimate of the tokens that ``text`` takes."""
    return sum(1 if piece.isascii() else len(piece.encode()) for piece in _PIECE.findall(text))


def paged(lines: Sequence[str], page: int, empty: str = "nothing") -> Page:
    """Return page ``page`` of ``lines``; a page beyond the last is the last."""
    pages = _split([_cut(line) for line in lines]) or [empty]
    at = min(max(1, page), len(pages))
    return Page(text=pages[at - 1], page=at, pages=len(pages))


def _split(lines: Sequence[str]) -> list[str]:
    pages: list[str] = []
    held: list[str] = []
    room = MOST_TOKENS - _OF_ITSELF
    for line in lines:
        cost = tokens_at_most(line) + 1
        if held and cost > room:
            pages.append("\n".join(held))
            held, room = [], MOST_TOKENS - _OF_ITSELF
        held.append(line)
        room -= cost
    return [*pages, "\n".join(held)] if held else pages


def _cut(line: str) -> str:
    return line if len(line) <= WIDEST else f"{line[:WIDEST]} [... {len(line) - WIDEST} more characters]"
