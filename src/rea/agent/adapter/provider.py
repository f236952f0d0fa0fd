"""The last link: one HTTP request to a provider through pydantic-ai, bounded in time and size."""

import asyncio
import json
import warnings
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx2
import pydantic
from pydantic_ai import exceptions
from pydantic_ai.messages import ModelMessagesTypeAdapter, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.tools import ToolDefinition

from rea.agent.adapter.meter import Meter
from rea.agent.call import Lost, Reply, Request, Unsent
from rea.agent.configuration import Configuration, Key, Output

ANSWER = "answer"
CONNECT_S = 10.0
NOBODY_DID_ANYTHING = (429, 503, 529)
_BYTES, _BYTES_PER_TOKEN = 262_144, 256
# what the libraries raise, and what they stumble into on replies that they were not written for
_RAISED: tuple[type[Exception], ...] = (
    exceptions.AgentRunError,
    exceptions.UserError,
    pydantic.ValidationError,
    httpx2.HTTPError,
    httpx2.StreamError,
    ExceptionGroup,
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    RuntimeError,
    AssertionError,
    ArithmeticError,
)


@dataclass(frozen=True, slots=True)
class Provider:
    """One model of one provider."""

    configuration: Configuration
    key: Key

    def ask(self, request: Request) -> Reply:
        """Raises Unsent or Lost, whichever the wire shows."""
        meter = Meter(httpx2.AsyncHTTPTransport(), _BYTES + _BYTES_PER_TOKEN * request.most_tokens)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they quote replies, and would stand in the log of a wake
                return self._reply(request, meter)
        except TimeoutError as error:
            raise _failed(meter, f"no reply within {self.configuration.timeout_s:g} s") from error
        except (*_RAISED, *_sdk_errors(self.configuration.provider)) as error:
            raise _failed(meter, f"{type(error).__name__}: {str(error)[:300]}") from error

    def _reply(self, request: Request, meter: Meter) -> Reply:
        async def bounded() -> ModelResponse:
            return await asyncio.wait_for(self._once(request, meter), self.configuration.timeout_s)

        _sdk_errors(self.configuration.provider)  # loads the library, which is not the provider's time
        return _reply(_run(bounded))

    async def _once(self, request: Request, meter: Meter) -> ModelResponse:
        told = json.loads(request.body)
        timeout = httpx2.Timeout(self.configuration.timeout_s, connect=CONNECT_S)
        async with httpx2.AsyncClient(transport=meter, timeout=timeout) as client:
            model = _MAKERS[self.configuration.provider](self.configuration, self.key, client)
            messages = ModelMessagesTypeAdapter.validate_python(told["messages"])
            return await model.request(messages, {"max_tokens": request.most_tokens}, _parameters(told))


def _run(bounded: Callable[[], Coroutine[None, None, ModelResponse]]) -> ModelResponse:
    """Run to the end, in a thread of its own where whoever calls is itself run by an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(bounded())
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(bounded())).result()


def _parameters(told: dict[str, object]) -> ModelRequestParameters:
    """Return what a request says about tools and the form of its answer."""
    from pydantic_ai.messages import InstructionPart

    made = ModelRequestParameters(
        function_tools=[_tool(tool) for tool in told["tools"]],  # type: ignore[attr-defined]
        instruction_parts=[InstructionPart(content=str(told["instructions"]))],
    )
    form = told["answer"]
    assert isinstance(form, dict)
    if told["output"] == Output.TOOL:
        made.output_mode, made.allow_text_output = "tool", False
        made.output_tools = [ToolDefinition(name=ANSWER, description="Gives the answer.", parameters_json_schema=form)]
    elif told["output"] == Output.NATIVE:
        made.output_mode, made.output_object = "native", OutputObjectDefinition(json_schema=form, name=ANSWER)
    return made


def _tool(told: dict[str, object]) -> ToolDefinition:
    schema = told["schema"]
    assert isinstance(schema, dict)
    return ToolDefinition(name=str(told["name"]), description=str(told["description"]), parameters_json_schema=schema)


def _reply(response: ModelResponse) -> Reply:
    body = ModelMessagesTypeAdapter.dump_json([response]).decode()
    usage = response.usage
    known = all(type(n) is int for n in (usage.input_tokens, usage.output_tokens))
    return Reply(
        body=body,
        tokens_in=usage.input_tokens if known else None,
        tokens_out=usage.output_tokens if known else None,
    )


def _failed(meter: Meter, why: str) -> Unsent | Lost:
    if not meter.reached:
        return Unsent(f"not reached: {why}", again=True)
    if meter.status in NOBODY_DID_ANYTHING:
        return Unsent(f"HTTP {meter.status}", again=True, after_s=meter.after_s)
    if 300 <= meter.status < 500:
        return Unsent(f"HTTP {meter.status}: {why}")
    return Lost(f"HTTP {meter.status}: {why}" if meter.status else why)


def _openai(configuration: Configuration, key: Key, client: httpx2.AsyncClient) -> Model:
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    sdk = AsyncOpenAI(api_key=key.secret or "none", base_url=configuration.address, http_client=client, max_retries=0)
    if not configuration.url:
        return OpenAIChatModel(configuration.name, provider=OpenAIProvider(openai_client=sdk))
    return OpenAIChatModel(configuration.name, provider=OpenAICompatibleProvider("compatible", openai_client=sdk))


def _anthropic(configuration: Configuration, key: Key, client: httpx2.AsyncClient) -> Model:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    sdk = AsyncAnthropic(
        api_key=key.secret or "none", base_url=configuration.address, http_client=client, max_retries=0
    )
    return AnthropicModel(configuration.name, provider=AnthropicProvider(anthropic_client=sdk))


def _google(configuration: Configuration, key: Key, client: httpx2.AsyncClient) -> Model:
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    provider = GoogleProvider(api_key=key.secret or "none", http_client=client, base_url=configuration.address)
    return GoogleModel(configuration.name, provider=provider)


_MAKERS: dict[str, Callable[[Configuration, Key, httpx2.AsyncClient], Model]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "google": _google,
}


def _sdk_errors(provider: str) -> tuple[type[Exception], ...]:
    """Return what a provider's own library raises; none where it is not installed."""
    try:
        if provider == "openai":
            from openai import OpenAIError

            return (OpenAIError,)
        if provider == "anthropic":
            from anthropic import AnthropicError

            return (AnthropicError,)
        from google.genai.errors import APIError
    except ImportError:
        return ()
    return (APIError,)
