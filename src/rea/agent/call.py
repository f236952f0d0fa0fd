"""One request to a provider and its reply, as plain values; and the three ways in which there is none."""

from dataclasses import dataclass
from typing import Protocol

from rea.domain.ids import Digest, digest

OVERHEAD = 1024  # tokens that a provider's own template may add


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """``body`` is canonical JSON of everything that is sent: model, settings, forms of tools and answers, messages."""

    role: str
    body: str
    most_tokens: int

    @property
    def call(self) -> Digest:
        return digest("call", self.body, self.most_tokens)

    @property
    def prompt_bound(self) -> int:
        """A bound on the tokens of the prompt: no tokenizer makes more than one of a byte."""
        return len(self.body.encode()) + OVERHEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """``body`` is JSON of what came, ``tokens_in`` and ``tokens_out`` what the provider reports; None: nothing usable.

    ``tokens`` and ``micros`` are what it cost, once that is settled.
    """

    body: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens: int = 0
    micros: int = 0


class Failed(Exception):
    """There is no reply, and the message says why, without secrets."""


class Unsent(Failed):
    """Nothing was generated and nothing is owed. ``again``: it may be tried again, after ``after_s`` seconds."""

    def __init__(self, why: str, again: bool = False, after_s: float = 0.0) -> None:
        super().__init__(why)
        self.again, self.after_s = again, after_s


class Lost(Failed):
    """It may have been generated, and is counted as paid."""


class Refused(Failed):
    """We do not ask."""


class Link(Protocol):
    """A part of the way to a provider. Raises Failed."""

    def ask(self, request: Request) -> Reply: ...
