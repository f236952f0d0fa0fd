"""A scripted server that speaks OpenAI's chat API on loopback, well or badly, and keeps count of what it sold."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Told = dict[str, Any]
Script = Callable[["Exchange"], None]


@dataclass(slots=True)
class Books:
    """What a server was asked and what it would bill: a token for every byte of the prompt, which no tokenizer exceeds, and what it generated."""

    requests: int = 0
    billed_tokens: int = 0
    seen: list[Told] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(slots=True)
class Exchange:
    """One request, and the ways to reply to it."""

    handler: BaseHTTPRequestHandler
    told: Told
    number: int
    books: Books
    stop: threading.Event
    size: int

    @property
    def key(self) -> str:
        return self.handler.headers.get("authorization", "").removeprefix("Bearer ")

    @property
    def text(self) -> str:
        return json.dumps(self.told["messages"], ensure_ascii=False)

    @property
    def answers_by_tool(self) -> bool:
        return any(tool["function"]["name"] == "answer" for tool in self.told.get("tools", ()))

    def bill(self, generated: int) -> dict[str, int]:
        """Sell the prompt and so many tokens, never more than was asked for at most; return the usage."""
        most = self.told.get("max_completion_tokens") or self.told.get("max_tokens") or 10**9
        prompt, out = max(1, self.size), min(generated, most)
        with self.books.lock:
            self.books.billed_tokens += prompt + out
        return {"prompt_tokens": prompt, "completion_tokens": out, "total_tokens": prompt + out}

    def send(
        self, body: bytes, status: int = 200, kind: str = "application/json", length: int | None = None, **headers: str
    ) -> None:
        """Send a body; ``length`` claims another length than it has."""
        h = self.handler
        h.send_response(status)
        h.send_header("content-type", kind)
        h.send_header("content-length", str(len(body) if length is None else length))
        for name, value in headers.items():
            h.send_header(name.replace("_", "-"), value)
        h.end_headers()
        h.wfile.write(body)

    def message(self, message: Told, finish: str = "stop", usage: object = None, **more: object) -> None:
        """Send one message as a completion."""
        generated = len(json.dumps(message)) // 4
        billed = self.bill(generated)
        choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}
        told = {"id": f"r{self.number}", "object": "chat.completion", "created": 1, "model": "scripted"}
        self.send(json.dumps({**told, "choices": [choice], "usage": usage or billed, **more}).encode())

    def say(self, text: str, **more: Any) -> None:
        self.message({"content": text}, **more)

    def call(self, name: str, arguments: str, **more: Any) -> None:
        """Ask for a tool."""
        tool = {"id": f"t{self.number}", "type": "function", "function": {"name": name, "arguments": arguments}}
        self.message({"content": None, "tool_calls": [tool]}, "tool_calls", **more)

    def answer(self, answer: str, **more: Any) -> None:
        """Give an answer in whichever form was asked for."""
        if self.answers_by_tool:
            self.call("answer", answer, **more)
        else:
            self.say(answer, **more)

    def gzipped(self, body: bytes) -> None:
        self.send(gzip.compress(body), content_encoding="gzip")

    def drip(self, seconds: float) -> None:
        """Send a byte now and then, for as long as somebody listens."""
        self.bill(10)
        h = self.handler
        h.send_response(200)
        h.send_header("content-type", "application/json")
        h.send_header("content-length", "100000")
        h.end_headers()
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.stop.wait(0.05):
            h.wfile.write(b" ")
            h.wfile.flush()


@dataclass(slots=True)
class Server:
    """A running server. ``script`` may be changed between campaigns."""

    url: str
    books: Books
    script: Script


@contextmanager
def serving(script: Script) -> Iterator[Server]:
    """Serve on a free port of loopback until the block ends."""
    books, stop = Books(), threading.Event()
    server = Server("", books, script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            told = json.loads(body)
            with books.lock:
                books.requests += 1
                number = books.requests
                books.seen.append(told)
                books.keys.add(self.headers.get("authorization", ""))
            self.close_connection = True
            with suppress(OSError):  # whoever asked has gone
                server.script(Exchange(self, told, number, books, stop, len(body)))

        def log_message(self, *_: object) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.daemon_threads = True
    server.url = f"http://127.0.0.1:{web.server_port}/v1"
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        stop.set()
        web.shutdown()
        web.server_close()
        thread.join(5)
