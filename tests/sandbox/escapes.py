"""Ways out of the sandbox, each a small program that prints ESCAPED where it got out, with the hole in the argv that lets it out.

``{name}`` stands for what the test made outside: a folder, a secret, sockets, a process.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Argv = tuple[str, ...]
Hole = Callable[[Argv], Argv]


def without(*words: str) -> Hole:
    """Leave words of the argv out."""
    return lambda argv: tuple(w for w in argv if w not in words)


def instead(old: str, *new: str) -> Hole:
    return lambda argv: tuple(x for w in argv for x in (new if w == old else (w,)))


def _before_end(argv: Argv, words: Sequence[str]) -> Argv:
    at = argv.index("--chdir")
    return (*argv[:at], *words, *argv[at:])


def seen(*paths: str, flag: str = "--bind") -> Hole:
    """Let the sandbox see (and alter) more than it should."""
    return lambda argv: _before_end(argv, [w for p in paths for w in (flag, p, p)])


# instead of everything at once: all but one kind of namespace
ALL = ("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")


def sharing(*kinds: str) -> Hole:
    left = tuple(x for x in ALL if x not in kinds)
    return instead("--unshare-all", *left)


def writable_proc(argv: Argv) -> Argv:
    at = argv.index("--remount-ro")
    return (*argv[:at], *argv[at + 2 :])


def seen_as_own(argv: Argv) -> Argv:
    """Put the program to work in the very folder where the secret lies."""
    at = argv.index("--chdir")
    return (*argv[:at], "--bind", "{folder}", "{folder}", "--chdir", "{folder}", *argv[at + 2 :])


@dataclass(frozen=True)
class Escape:
    name: str
    code: str
    hole: Hole | None = None  # None: the hole is made by the test, which says how


ESCAPES = (
    Escape("writes outside", "open('{outside}/planted', 'w').write('x'); out()", seen("{outside}")),
    Escape("writes to the system", "open('/usr/rea-planted', 'w'); out()", None),
    Escape("reads a secret file", "open('{secret}').read(); out()", seen("{secret}", flag="--ro-bind")),
    Escape("lists the home of the user", "out() if os.listdir('{home}') else 0", seen("{home}", flag="--ro-bind")),
    Escape("reads passwords", "open('/etc/shadow').read(); out()", seen("/etc/shadow", flag="--ro-bind")),
    Escape("follows a symlink out", "os.symlink('{secret}', 'l'); open('l').read(); out()", seen("{secret}")),
    Escape("follows a hardlink out", "os.link('{secret}', 'h'); open('h').read(); out()", seen_as_own),
    Escape("climbs out of its folder", "open('../' * 12 + '{secret}'.lstrip('/')).read(); out()", seen("{secret}")),
    Escape("reads the root of process 1", "open('/proc/1/root{secret}').read(); out()", seen("{secret}")),
    Escape(
        "reads a stranger's environment", "b = open('/proc/{pid}/environ').read(); out() if 'CANARY' in b else 0", None
    ),
    Escape(
        "reads its parent's environment for secrets", "out() if 'CANARY' in open('/proc/1/environ').read() else 0", None
    ),
    Escape("IPv4", "socket.create_connection(('127.0.0.1', {port4}), 2); out()", sharing("--unshare-net")),
    Escape("IPv6", "socket.create_connection(('::1', {port6}), 2); out()", sharing("--unshare-net")),
    Escape(
        "a socket in the file system",
        "s = socket.socket(socket.AF_UNIX); s.connect('{unix}'); out()",
        seen("{unix}"),
    ),
    Escape(
        "an abstract socket",
        "s = socket.socket(socket.AF_UNIX); s.connect(chr(0) + '{abstract}'); out()",
        sharing("--unshare-net"),
    ),
    Escape(
        "a raw socket", "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).sendto(b'x', ('127.0.0.1', 0)); out()", None
    ),
    Escape("signals a stranger", "os.kill({pid}, 0); out()", None),
    Escape("kills everybody", "[os.kill(p, 0) for p in range(2, 300) if p not in own()]; out()", None),
    Escape(
        "traces a stranger",
        "ctypes.CDLL(None, use_errno=True).ptrace(16, {pid}, 0, 0) == 0 and out()",
        None,
    ),
    Escape("shared memory of the host", "open('/dev/shm/{shm}').read(); out()", seen("/dev/shm")),
    Escape(
        "System V shared memory",
        "ctypes.CDLL(None).shmget({key}, 4096, 0) >= 0 and out()",
        sharing("--unshare-ipc"),
    ),
    Escape("renames the host", "socket.sethostname('planted'); out()", None),
    Escape("mounts", "ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0 and out()", None),
    Escape(
        "makes a user namespace of its own",
        "ctypes.CDLL(None).unshare(0x10000000) == 0 and out()",
        without("--disable-userns"),
    ),
    Escape("raises its limits", "resource.setrlimit(resource.RLIMIT_CORE, (-1, -1)); out()", None),
    Escape(
        "a setuid program", "out() if '0' * 16 not in open('/proc/self/status').read().split('CapBnd:')[1] else 0", None
    ),
    Escape(
        "alters the kernel",
        "p = '/proc/sys/kernel/core_pattern'; v = open(p).read(); open(p, 'w').write(v); out()",
        writable_proc,
    ),
    Escape("the docker socket", "s = socket.socket(socket.AF_UNIX); s.connect('/var/run/docker.sock'); out()", None),
    Escape("an inherited descriptor", "os.write({fd}, b'planted'); out()", None),
    Escape("a device", "open('/dev/kmsg', 'rb'); out()", None),
)

PRELUDE = """
import ctypes, os, resource, socket, sys
def out(): print('ESCAPED')
def own(): return {int(p) for p in os.listdir('/proc') if p.isdigit()}
try:
    %s
except BaseException as error:
    print(type(error).__name__, error)
"""


def program(escape: Escape, facts: dict[str, object]) -> str:
    """Return the whole program of an escape."""
    code = escape.code
    for name, value in facts.items():
        code = code.replace(f"{{{name}}}", str(value))
    return PRELUDE % code
