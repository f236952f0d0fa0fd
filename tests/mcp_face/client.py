"""A real MCP client on a real server process, over stdin and stdout."""

import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import anyio
import pytest

pytest.importorskip("mcp.client.stdio", reason="install the MCP library: pip install 'ranking-engineer-agent[mcp]'")

from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

T = TypeVar("T")
DEADLINE_S = 60.0


class Caller:
    """What a test calls tools with."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def ask(self, tool: str, **words: object) -> dict[str, Any]:
        """Return a tool's answer; it must not be an error."""
        failed, text = await self.call(tool, **words)
        assert not failed, text
        found = json.loads(text)
        assert isinstance(found, dict)
        return found

    async def refused(self, tool: str, **words: object) -> str:
        """Return a tool's error; it must be one."""
        failed, text = await self.call(tool, **words)
        assert failed, text
        return text

    async def call(self, tool: str, **words: object) -> tuple[bool, str]:
        result = await self.client.call_tool(tool, dict(words))
        return result.is_error, "".join(getattr(part, "text", "") for part in result.content)

    async def all(self, tool: str, **words: object) -> list[Any]:
        """Return the items of all pages."""
        items: list[Any] = []
        cursor = ""
        while True:
            told = await self.ask(tool, **words, cursor=cursor)
            items += told["items"]
            if told["next_cursor"] is None:
                assert len(items) == told["total"]
                return items
            cursor = told["next_cursor"]

    async def campaign(self) -> str:
        return str((await self.ask("campaigns"))["items"][0]["handle"])


def with_client(
    state: Path,
    body: Callable[[Caller], Awaitable[T]],
    mode: str = "auto",
    command: tuple[str, ...] = ("rea.cli", "mcp", "--state"),
) -> T:
    """Run ``body`` against a fresh server on ``state``."""
    module, *words = command
    environment = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "HOME": str(state)}
    started = StdioServerParameters(command=sys.executable, args=["-m", module, *words, str(state)], env=environment)

    async def go() -> T | AssertionError:
        with anyio.fail_after(DEADLINE_S):
            async with Client(stdio_client(started), mode=mode) as client:
                try:
                    return await body(Caller(client))
                except AssertionError as error:  # not through the client's task groups, which would wrap it
                    return error

    found = anyio.run(go)
    if isinstance(found, AssertionError):
        raise found
    return found
