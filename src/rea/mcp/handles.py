"""Signed names: a client can hand back what it was given, and make up nothing."""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rea.domain.errors import UsageError

KEY = "mcp.key"
KEY_BYTES = 32
LONGEST = 400  # characters of a handle


@dataclass(frozen=True, slots=True)
class Handles:
    """Issues and reads handles with the key of one state directory."""

    key: bytes

    def issue(self, kind: str, name: str) -> str:
        """Return the handle of ``name``; of another kind it is another handle."""
        body = base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")
        return f"{kind}.{body}.{self._mac(kind, body)}"

    def read(self, kind: str, handle: str) -> str:
        """Return the name that a handle was issued for.

        Raises:
            UsageError: it was not issued here, or is of another kind.
        """
        given, _, rest = handle[: LONGEST + 1].partition(".")
        body, _, mac = rest.partition(".")
        if (
            len(handle) > LONGEST
            or given != kind
            or not hmac.compare_digest(mac.encode(), self._mac(kind, body).encode())
        ):
            raise UsageError(
                f"this is no {kind} handle that was issued here", f"take {_SOURCES.get(kind, 'one')} as it is"
            )
        try:
            return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
        except (
            binascii.Error,
            UnicodeDecodeError,
        ) as error:  # signed by us, and yet no name: the key was shared with something else
            raise UsageError(f"this {kind} handle cannot be read", "take another") from error

    def _mac(self, kind: str, body: str) -> str:
        return hmac.new(self.key, f"{kind}\0{body}".encode(), hashlib.sha256).hexdigest()[:32]


_SOURCES = {
    "campaign": "a handle from the tool campaigns",
    "job": "a handle from query with what=jobs",
    "page": "next_cursor of the answer before, with the same arguments,",
}


def key_of(state: Path) -> bytes:
    """Return the key of a state directory, made on first use and readable by its owner alone.

    Raises:
        UsageError: what lies there is no key.
    """
    path = state / KEY
    if not path.exists():
        _make(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise UsageError(f"{path} is no key", "remove it: a new one is made, and handles issued before are void")
    return key


def _make(path: Path) -> None:
    """Put a whole key in place, whoever is first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    half.touch(mode=0o600)
    half.write_bytes(secrets.token_bytes(KEY_BYTES))
    with suppress(FileExistsError):
        os.link(half, path)
    half.unlink()
