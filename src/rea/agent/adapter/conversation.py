"""A question as a short conversation: ask, let it read, check the answer, and say what is wrong with it, a bounded number of times."""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

import pydantic
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.tools import Tool

from rea.agent.adapter.provider import ANSWER
from rea.agent.call import Failed, Link, Request
from rea.agent.configuration import Configuration, Output
from rea.agent.question import Answer, Question
from rea.domain.errors import ReaError

T = TypeVar("T")
MOST_TURNS = 12  # requests for one question
MOST_TIMEOUTS = 3  # of the provider, that one question may take
MOST_FAILURES = 2
MOST_BYTES = 600_000  # of one request
MOST_READ = 16_000  # characters that a tool gives back at once
MOST_TOLD = 1_000  # of what is wrong with an answer
_THEN = datetime(2000, 1, 1, tzinfo=UTC)  # messages are what they say, whenever they were said
_STANDING = Path(__file__).with_name("standing.md")


@dataclass(slots=True)
class Asker:
    """The ``Model`` over a way to a provider. After ``MOST_FAILURES`` in a row it asks no more: a wake is not to wait for what is down."""

    link: Link
    configuration: Configuration
    failures: int = 0

    def ask(self, question: Question[T]) -> Answer[T]:
        """Return a checked answer, or none and why. Never raises for what a provider does."""
        if self.failures >= MOST_FAILURES:
            return Answer(
                value=None, why=f"the provider failed {self.failures} times in a row, and is left alone for now"
            )
        conversation = _Conversation(self.link, self.configuration, question)
        answer = conversation.run()
        self.failures = self.failures + 1 if conversation.failed else 0
        return answer


@dataclass(slots=True)
class _Conversation(Generic[T]):
    link: Link
    configuration: Configuration
    question: Question[T]
    messages: list[ModelMessage] = field(default_factory=list)
    call: str = ""
    tokens: int = 0
    micros: int = 0
    failed: bool = False

    def run(self) -> Answer[T]:
        self._say([UserPromptPart(f"MATERIAL\n{self.question.material}", timestamp=_THEN)])
        wrong, problem, until = 0, "", time.monotonic() + MOST_TIMEOUTS * self.configuration.timeout_s
        for _ in range(MOST_TURNS):
            try:
                response = self._turn(until)
            except Failed as error:
                self.failed = True
                return self._none(str(error))
            value, problem, answered = self._read(response)
            if value is not None:
                return Answer(value=value, call=self.call, tokens=self.tokens, micros=self.micros)
            wrong += answered
            if wrong >= self.question.tries:
                return self._none(f"no usable answer in {wrong} tries; the last: {problem}")
            self._say(list(self._returns(response, problem)))
        return self._none(f"no answer in {MOST_TURNS} turns")

    def _turn(self, until: float) -> ModelResponse:
        """Ask once, and add what came to the conversation."""
        request = self._request()
        if time.monotonic() > until:
            raise Failed(f"no answer within {MOST_TIMEOUTS * self.configuration.timeout_s:g} s")
        if len(request.body) > MOST_BYTES:
            raise Failed(f"{len(request.body)} characters are too much to ask at once")
        reply = self.link.ask(request)
        self.call, self.tokens, self.micros = request.call, self.tokens + reply.tokens, self.micros + reply.micros
        try:
            (response,) = ModelMessagesTypeAdapter.validate_json(reply.body)
        except ValueError as error:
            raise Failed("the kept reply cannot be read") from error
        if not isinstance(response, ModelResponse):
            raise Failed("the kept reply is no reply")
        self.messages.append(response)
        return response

    def _request(self) -> Request:
        q, schema = self.question, pydantic.TypeAdapter(self.question.answer).json_schema()
        told = {
            "model": self.configuration.label,
            "output": str(self.configuration.output),
            "instructions": self._instructions(schema),
            "answer": schema,
            "tools": [_described(tool) for tool in q.tools],
            "messages": ModelMessagesTypeAdapter.dump_python(self.messages, mode="json"),
        }
        return Request(role=q.role, body=canonical_json(told), most_tokens=q.most_tokens)

    def _instructions(self, schema: Mapping[str, object]) -> str:
        said = f"{self.question.instructions}\n\n{_STANDING.read_text()}"
        if self.configuration.output is Output.PROMPTED:
            said += f"\nAnswer with one JSON object and nothing else. Its JSON schema:\n{json.dumps(schema)}\n"
        return said

    def _say(self, parts: Sequence[ModelRequestPart]) -> None:
        self.messages.append(ModelRequest(parts=list(parts), timestamp=_THEN))

    def _read(self, response: ModelResponse) -> tuple[T | None, str, bool]:
        """Return the answer in a reply; else what is wrong with it, and whether it was meant as one."""
        calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
        given = next((call.args_as_json_str() for call in calls if call.tool_name == ANSWER), None)
        if given is None and any(call.tool_name in self._tools() for call in calls):
            return None, "", False
        text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
        value, problem = self._checked(_json_in(text) if given is None else given)
        return value, problem, True

    def _checked(self, given: str) -> tuple[T | None, str]:
        try:
            value = pydantic.TypeAdapter(self.question.answer).validate_json(given)
        except pydantic.ValidationError as error:
            return None, _shortened(f"it does not have the form asked for: {_errors(error)}")
        if any(not math.isfinite(number) for number in _floats(value)):
            return None, "a number in it is not finite"
        problem = self.question.check(value)
        return (None, _shortened(problem)) if problem else (value, "")

    def _returns(self, response: ModelResponse, problem: str) -> Iterator[ModelRequestPart]:
        """Yield what each tool gives back, or what is wrong with the answer."""
        calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
        for call in calls:
            told = f"not accepted: {problem}" if call.tool_name == ANSWER else self._call(call)
            yield ToolReturnPart(call.tool_name, told, call.tool_call_id, timestamp=_THEN)
        if not calls:
            yield UserPromptPart(f"not accepted: {problem}", timestamp=_THEN)

    def _call(self, call: ToolCallPart) -> str:
        tool = self._tools().get(call.tool_name)
        if tool is None:
            return f"there is no tool of this name; there are: {', '.join([*self._tools(), ANSWER])}"
        try:
            return str(pydantic.validate_call(tool)(**json.loads(call.args_as_json_str())))[:MOST_READ]
        except ReaError as error:
            return f"refused: {error.message}. {error.hint}"[:MOST_READ]
        except (ValueError, TypeError) as error:
            return _shortened(f"not understood: {error}")

    def _tools(self) -> dict[str, Callable[..., Any]]:
        return {tool.__name__: tool for tool in self.question.tools}

    def _none(self, why: str) -> Answer[T]:
        return Answer(value=None, why=why, call=self.call, tokens=self.tokens, micros=self.micros)


def canonical_json(told: Mapping[str, object]) -> str:
    """Return a request as canonical JSON."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _described(tool: Callable[..., Any]) -> dict[str, object]:
    made = Tool(tool).tool_def
    return {"name": made.name, "description": made.description or "", "schema": made.parameters_json_schema}


def _json_in(text: str) -> str:
    """Return the JSON object in a text that may say more than that."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text


def _errors(error: pydantic.ValidationError) -> str:
    told = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in told[:8])


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_TOLD else text[:MOST_TOLD] + "…"


def _floats(value: object) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            yield from _floats(getattr(value, part.name))
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _floats(part)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _floats(part)
