"""Calls of language models, as a campaign's state knows them."""

from dataclasses import dataclass

from rea.domain.ids import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One attempt at one question. It is open until it is settled; ``reply`` is the digest of what was kept, "" where none came."""

    call: Digest
    attempt: int
    role: str
    tokens: int  # held while it is open, then spent
    micros: int
    settled: bool = False
    reply: str = ""
    why: str = ""


def name_of(call: Digest, attempt: int) -> str:
    """Return the name under which an attempt is kept."""
    return f"{call}.{attempt}"
