"""A model in this process that says what a test tells it to, by role; like a real one it is told what its answer lacks and tries again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rea.agent.question import Answer, Question
from rea.domain.ids import digest

T = TypeVar("T")
Script = Callable[[Question[Any]], object]


@dataclass
class Scripted:
    """``roles`` gives each role's answer as a function of the question. ``refused`` is what checks said of answers."""

    roles: dict[str, Script]
    asked: list[Question[Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def ask(self, question: Question[T]) -> Answer[T]:
        self.asked.append(question)
        for _ in range(question.tries):
            script = self.roles.get(question.role)
            value = script(question) if script else None
            if value is None:
                return Answer(value=None, why="the script says nothing")
            assert isinstance(value, question.answer)
            if not (wrong := question.check(value)):
                call = digest(question.role, question.instructions, question.material)
                return Answer(value=value, call=call, tokens=100)
            self.refused.append(wrong)
        return Answer(value=None, why=self.refused[-1])

    def of(self, role: str) -> list[Question[Any]]:
        return [q for q in self.asked if q.role == role]


@dataclass
class Unchecked:
    """A chain that hands on whatever came, unchecked: what stands behind it may not rely on checks."""

    value: object

    def ask(self, question: Question[T]) -> Answer[T]:
        return Answer(value=self.value if isinstance(self.value, question.answer) else None, why="another role")
