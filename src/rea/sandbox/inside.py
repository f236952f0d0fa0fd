"""Inside a sandbox: start a command, and hand on what it sends to a port of its own loopback by a socket in the file system.

    python -I inside.py PORT SOCKET COMMAND [ARG...]

It is run as a file by whatever interpreter the sandbox has, so it is the standard library alone. It ends as the command does.
"""

import socket
import subprocess
import sys
import threading
from contextlib import suppress

CHUNK = 1 << 16


def pumped(one: socket.socket, other: socket.socket) -> None:
    """Copy between two sockets, both ways, until both have said all."""
    back = threading.Thread(target=copied, args=(other, one), daemon=True)
    back.start()
    copied(one, other)
    back.join()


def copied(source: socket.socket, target: socket.socket) -> None:
    """Copy until ``source`` has said all, and say so to ``target``."""
    with suppress(OSError):
        while True:
            chunk = source.recv(CHUNK)
            if not chunk:
                break
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def handed_on(inner: socket.socket, path: str) -> None:
    with inner, socket.socket(socket.AF_UNIX) as outer, suppress(OSError):
        outer.connect(path)
        pumped(inner, outer)


def accepting(listener: socket.socket, path: str) -> None:
    while True:
        inner, _ = listener.accept()
        threading.Thread(target=handed_on, args=(inner, path), daemon=True).start()


def main(port: str, path: str, *command: str) -> int:
    listener = socket.create_server(("127.0.0.1", int(port)))
    threading.Thread(target=accepting, args=(listener, path), daemon=True).start()
    code = subprocess.call(command)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
