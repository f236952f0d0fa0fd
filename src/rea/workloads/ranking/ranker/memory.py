"""Memory that is freed stays with the process, and what is imported stays out of the garbage collector's way."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3  # of glibc's mallopt


def keep() -> None:
    """Tell glibc not to give pages back between steps: fetching them again took a quarter of a step. Elsewhere nothing happens."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, 32 << 20)  # the most that is allowed
        mallopt(TRIM_THRESHOLD, 1 << 30)
        mallopt(TOP_PAD, 64 << 20)


@contextmanager
def staying() -> Iterator[None]:
    """While torch is imported, collect no garbage, and never look at what came of it again: that took a fifth of the import's time, and
    a tenth of small steps. A process that has torch already is left as it is.
    """
    first = "torch" not in sys.modules and gc.isenabled()
    if first:
        gc.disable()
    yield
    if first:
        gc.freeze()
        gc.enable()
