"""From a configuration to a ``Model``. Whatever is missing, there is one: it answers nothing and says why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TypeVar

from rea.agent.call import Link
from rea.agent.chain import Account, chain, recorded_only
from rea.agent.configuration import Configuration, key_of
from rea.agent.question import Answer, Model, Question
from rea.domain.errors import UsageError

T = TypeVar("T")
LIBRARIES = {"openai": "openai", "anthropic": "anthropic", "google": "google.genai"}


@dataclass(frozen=True, slots=True)
class Absent:
    """A model that cannot be asked."""

    why: str

    def ask(self, question: Question[T]) -> Answer[T]:
        return Answer(value=None, why=self.why)


def missing(configuration: Configuration) -> str:
    """Return what has to be installed before this model can be asked, or nothing."""
    try:
        lacking = [name for name in ("pydantic_ai", LIBRARIES[configuration.provider]) if find_spec(name) is None]
    except ModuleNotFoundError as error:
        lacking = [str(error.name)]
    return f"{' and '.join(lacking)} is not installed: pip install 'ranking-engineer-agent[agent]'" if lacking else ""


def connect(configuration: Configuration, account: Account, environment: Mapping[str, str]) -> Model:
    """Return a model that asks on this account; it loads what it needs on the first question."""
    if why := missing(configuration):
        return Absent(why)
    try:
        key = key_of(configuration, environment)
    except UsageError as error:
        return Absent(error.message)

    def way() -> Link:
        from rea.agent.adapter.provider import Provider

        return chain(Provider(configuration, key), configuration, key, account, environment)

    return _Lazy(configuration, way)


def replaying(configuration: Configuration, account: Account, environment: Mapping[str, str], heard: set[str]) -> Model:
    """Return a model that gives the recorded answers, notes them in ``heard``, and asks nobody."""
    if find_spec("pydantic_ai") is None:
        return Absent("pydantic_ai is not installed: recorded replies cannot be read")
    return _Lazy(configuration, lambda: recorded_only(account, environment, heard))


class _Lazy:
    """Connects on the first question, so that a wake without one loads no library."""

    def __init__(self, configuration: Configuration, way: Callable[[], Link]) -> None:
        self._configuration, self._way = configuration, way
        self._model: Model | None = None

    def ask(self, question: Question[T]) -> Answer[T]:
        if self._model is None:
            from rea.agent.adapter.conversation import Asker

            self._model = Asker(self._way(), self._configuration)
        return self._model.ask(question)
