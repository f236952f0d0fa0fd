"""Does the sandbox work here? Tried, not guessed: bubblewrap may be installed and yet be forbidden to make namespaces."""

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

from rea.sandbox.box import Box

NEEDED = ("bwrap", "prlimit", "env")
INSTALL = "install bubblewrap (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap)"
_LONGEST_S = 20


@dataclass(frozen=True, slots=True)
class Probe:
    """``why`` is empty where the sandbox works; ``fix`` is the next step where it does not."""

    why: str = ""
    fix: str = ""

    @property
    def works(self) -> bool:
        return not self.why


@cache
def probe() -> Probe:
    """Start the sandbox once and see that it ends well."""
    absent = [name for name in NEEDED if shutil.which(name) is None]
    if absent:
        return Probe(f"{', '.join(absent)} not found", INSTALL)
    try:
        null = subprocess.DEVNULL
        argv = Box(write=()).argv(("true",))
        done = subprocess.run(argv, stdin=null, capture_output=True, timeout=_LONGEST_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Probe(str(error), INSTALL)
    if done.returncode == 0:
        return Probe()
    said = done.stderr.decode(errors="replace").strip()[-300:] or f"it ended with {done.returncode}"
    return Probe(
        f"bubblewrap does not work here: {said}",
        "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, or the AppArmor profile of bwrap), and have 0.8 or later",
    )
