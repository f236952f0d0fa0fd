"""The one address that a program in a sandbox may reach, where a person says so.

The sandbox keeps no network. A relay of ours outside listens on a socket in the file system, and forwards what comes to that address alone; inside,
``inside.py`` listens on the sandbox's own loopback, under the same port, and hands on to the socket.
"""

import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rea.domain.errors import UsageError
from rea.sandbox.inside import pumped

INSIDE = Path(__file__).with_name("inside.py")
LEAST_PORT = 1024  # below, nobody without privileges may listen, also inside
_CONNECT_S = 10


@dataclass(frozen=True, slots=True)
class Address:
    """A TCP address."""

    host: str
    port: int


def address(text: str) -> Address:
    """Return what ``HOST:PORT`` names. Raises UsageError where it names nothing that can be reached so."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not LEAST_PORT <= int(port) < 65536:
        fix = f"write HOST:PORT with a port from {LEAST_PORT}, such as 127.0.0.1:8000"
        raise UsageError(f"{text!r} is no address that a program in a sandbox can be given", fix)
    return Address(host.strip("[]"), int(port))


@dataclass(frozen=True, slots=True)
class Door:
    """A way out that is open: ``read`` has to be seen inside, and ``command`` goes through it."""

    socket: Path
    port: int
    python: str

    @property
    def read(self) -> tuple[str, ...]:
        return (str(self.socket), str(INSIDE))

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        return (self.python, "-I", str(INSIDE), str(self.port), str(self.socket), *argv)


@contextmanager
def door(to: Address, python: str) -> Iterator[Door]:
    """Forward to one address and no other until the block ends. Raises UsageError where its name means nothing here."""
    try:
        family, kind, _, _, place = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise UsageError(f"{to.host} cannot be reached: {error}", "correct --reach") from error
    with tempfile.TemporaryDirectory(prefix="rea-door-") as folder, socket.socket(socket.AF_UNIX) as listener:
        path = Path(folder, "door")
        listener.bind(str(path))
        listener.listen()
        threading.Thread(target=_accept, args=(listener, family, kind, place), daemon=True).start()
        try:
            yield Door(path, to.port, python)
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, family: int, kind: int, place: tuple[object, ...]) -> None:
    while True:
        try:
            inner, _ = listener.accept()
        except OSError:  # the door is shut
            return
        threading.Thread(target=_forward, args=(inner, family, kind, place), daemon=True).start()


def _forward(inner: socket.socket, family: int, kind: int, place: tuple[object, ...]) -> None:
    with inner, socket.socket(family, kind) as outer:
        outer.settimeout(_CONNECT_S)
        with suppress(OSError):
            outer.connect(place)
            outer.settimeout(None)
            pumped(inner, outer)
