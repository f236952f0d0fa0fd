"""One sandbox as a value: which paths exist in it. Everything else of this machine is not there at all.

No network (own namespaces for network, processes, IPC and host name), no capabilities, no further user namespaces, a /proc of its
own processes only, and private /tmp and /dev. What the flags do is stated in bwrap(1).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_NPROC, getrlimit
from shutil import which

TOP = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "passwd", "group", "nsswitch.conf")
DEVICES = ("nvidia*", "kfd", "dri")
FIXED = (
    *("--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL"),
    *("--hostname", "sandbox"),
)
PRIVATE = "/tmp"  # noqa: S108 - inside, where it is nobody else's
PROCESSES = 4096
TMP_BYTES = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """``runtime`` and ``read`` can be read, ``write`` be written; ``hide`` stays out of sight though it lies in ``runtime``.

    Paths are absolute. ``processes`` bounds how many may run at once (not for root, whom the kernel counts nowhere). ``held`` is a
    descriptor that stays open while anything in the sandbox lives, out of its reach. Without a ``session`` of its own the
    sandbox gets the signals that its caller's group gets, and outlives it: only for a caller that has no terminal.
    """

    write: tuple[str, ...]
    read: tuple[str, ...] = ()
    runtime: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()
    cwd: str = "/"
    processes: int = PROCESSES
    held: int | None = None
    session: bool = True

    def argv(self, command: Sequence[str]) -> tuple[str, ...]:
        """Return the argv that runs ``command`` inside; the environment is the caller's own, so that no value shows in an argv.

        A TERM reaches ``command`` alone, which may put its house in order; the sandbox around it ends when ``command`` has.
        """
        own = (*(("--new-session", "--die-with-parent") if self.session else ()), *self._held())
        return (
            *(_tool("env"), "--ignore-signal=TERM", _tool("bwrap"), *FIXED, *own),
            *self._places(),
            *("--chdir", self.cwd, "--", _tool("prlimit"), f"--nproc={self._most()}", "--core=0"),
            *(_tool("env"), "--default-signal=TERM", *command),
        )

    def _most(self) -> int:
        hard = getrlimit(RLIMIT_NPROC)[1]
        return self.processes if hard == RLIM_INFINITY else min(self.processes, hard)

    def _held(self) -> tuple[str, ...]:
        return () if self.held is None else ("--sync-fd", str(self.held))

    def _places(self) -> Iterator[str]:
        yield from ("--ro-bind", "/usr", "/usr")
        for top in map(Path, TOP):
            if top.is_symlink():
                yield from ("--symlink", str(top.readlink()), str(top))
            elif top.is_dir():
                yield from _bound("--ro-bind", (str(top),))
        yield from _bound("--ro-bind-try", (f"/etc/{name}" for name in ETC))
        yield from _bound("--ro-bind-try", ("/sys/devices/system",))
        # read-only: to root the kernel's own switches in /proc/sys would be writable, whatever the namespace
        yield from ("--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev")
        yield from ("--size", str(TMP_BYTES), "--tmpfs", PRIVATE)
        yield from _devices()
        yield from _bound("--ro-bind", _outermost(self.runtime))
        for path in self.hide:
            yield from _hidden(path, self.runtime)
        yield from _bound("--ro-bind", self.read)
        yield from _bound("--bind", self.write)


def _tool(name: str) -> str:
    return which(name) or name  # by its place: the environment's own PATH is the job's


def _bound(flag: str, paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        yield from (flag, path, path)


def _devices() -> Iterator[str]:
    found = sorted(str(p) for pattern in DEVICES for p in Path("/dev").glob(pattern))
    yield from _bound("--dev-bind-try", found)
    if found:
        yield from _bound("--ro-bind-try", ["/sys/bus/pci", *sorted(map(str, Path("/sys/devices").glob("pci*")))])


def _outermost(paths: Iterable[str]) -> list[str]:
    """Return paths without those that lie in another of them, or in what is there anyway."""
    given = sorted(dict.fromkeys(paths), key=len)
    kept: list[str] = []
    for path in given:
        if not any(Path(path).is_relative_to(other) for other in ("/usr", *kept)):
            kept.append(path)
    return kept


def _hidden(path: str, runtime: Iterable[str]) -> Iterator[str]:
    if not any(Path(path).is_relative_to(root) for root in ("/usr", *runtime)):
        return
    if Path(path).is_dir():
        yield from ("--tmpfs", path)
    elif Path(path).exists():
        yield from ("--ro-bind", "/dev/null", path)
