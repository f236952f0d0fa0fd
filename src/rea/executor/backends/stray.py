"""What is found running under our name, whoever started it, before anybody has asked the journals whether they know it."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

LOCK = Path("control", "lock")  # below a job's directory; held open by all that runs for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A job that is alive. ``directory`` is None where its scheduler does not tell; ``cancel`` is the argv that ends it."""

    backend: str
    key: str
    detail: str
    cancel: tuple[str, ...]
    directory: Path | None = None


def key_of(directory: Path) -> str:
    """Return what the job in ``directory`` is called on a cluster: its name, made unique by where it lies."""
    return f"rea-{sha256(str(directory).encode()).hexdigest()[:12]}-{directory.name}"


def ours(key: str) -> bool:
    """Tell whether ``key`` is such a name, and not that of a wake that waits for one."""
    head, _, rest = key.removeprefix("rea-").partition("-")
    hexadecimal = len(head) == 12 and set(head) <= set("0123456789abcdef")
    return key.startswith("rea-") and hexadecimal and bool(rest) and not rest.endswith(".wake")
