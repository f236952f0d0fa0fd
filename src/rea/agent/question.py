"""What is asked of a language model, and what comes back. Plain values: no provider and no library is named here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[T]):
    """One question to one role. ``instructions`` are ours; ``material`` is what it is about, and whatever it says it is never an instruction.

    ``answer`` is a frozen dataclass of closed vocabularies. ``check`` returns what is wrong with an answer ("" when nothing is) and is told to the
    model, which may try again. ``tools`` only read. ``most_tokens`` bounds every reply.
    """

    role: str
    instructions: str
    material: str
    answer: type[T]
    check: Callable[[T], str] = lambda _: ""
    tools: tuple[Callable[..., Any], ...] = ()
    most_tokens: int = 2000
    tries: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T]):
    """``value`` is None where no usable answer came, and ``why`` says so: then the embedded engine goes on alone."""

    value: T | None
    why: str = ""
    call: str = ""  # the digest under which the call is recorded and replayed
    tokens: int = 0
    micros: int = 0  # money, in millionths of the currency that prices are given in


class Model(Protocol):
    """Asks, at most for what the approval leaves. Never raises for what a provider does: a call that failed is an answer without a value."""

    def ask(self, question: Question[T]) -> Answer[T]: ...


class NoModel:
    """What answers where no model is configured: nothing."""

    def ask(self, question: Question[T]) -> Answer[T]:
        return Answer(value=None, why="no model is configured")
