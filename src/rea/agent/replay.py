"""Replies, kept under the digest of what was asked: what was answered once is never asked again."""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from rea.agent.call import Link, Refused, Reply, Request
from rea.agent.redact import Redactor
from rea.domain.ids import Digest

FOLDER = "calls"  # in the directory of a campaign


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    call: str
    role: str
    body: str
    tokens_in: int | None
    tokens_out: int | None


@dataclass(frozen=True, slots=True)
class Replies:
    """A folder of replies, one file a call, readable by its owner alone. What is kept holds no secret."""

    folder: Path
    clean: Redactor

    def keep(self, request: Request, reply: Reply) -> Reply:
        """Keep a reply durably, and return it as it was kept."""
        body = self.clean(reply.body)
        kept = _Kept(request.call, request.role, body, reply.tokens_in, reply.tokens_out)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(request.call)
        half = path.with_suffix(f".{os.getpid()}.half")
        with open(half, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(msgspec.json.encode(kept))
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
        return Reply(body=body, tokens_in=reply.tokens_in, tokens_out=reply.tokens_out)

    def find(self, call: Digest) -> Reply | None:
        """Return the reply that was kept; None: there is none, or what lies there is not one to this call."""
        try:
            kept = msgspec.json.decode(self._path(call).read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError):
            return None
        return (
            Reply(body=kept.body, tokens_in=kept.tokens_in, tokens_out=kept.tokens_out) if kept.call == call else None
        )

    def digest(self, call: Digest) -> str:
        """Return the SHA-256 of what is kept, "" where nothing is."""
        try:
            return sha256(self._path(call).read_bytes()).hexdigest()
        except OSError:
            return ""

    def _path(self, call: Digest) -> Path:
        return self.folder / f"{call}.json"


@dataclass(frozen=True, slots=True)
class Replay:
    """Answers from what was kept, and keeps what is new."""

    link: Link
    replies: Replies

    def ask(self, request: Request) -> Reply:
        return self.replies.find(request.call) or self.replies.keep(request, self.link.ask(request))


@dataclass(frozen=True, slots=True)
class Heard:
    """Notes in ``calls`` what was answered."""

    link: Link
    calls: set[str]

    def ask(self, request: Request) -> Reply:
        reply = self.link.ask(request)
        self.calls.add(request.call)
        return reply


class Nobody:
    """Where there is nothing but what was kept."""

    def ask(self, request: Request) -> Reply:
        raise Refused("no such call was recorded")
