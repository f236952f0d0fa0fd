"""A fuse: every touch of the outside world counts, and at a chosen one the process "dies"."""

from collections.abc import Callable
from dataclasses import dataclass, field


class Killed(BaseException):
    """Stands for SIGKILL: nothing may catch it but the test that lit the fuse."""


@dataclass(slots=True)
class Fuse:
    """Counts touches and burns at those for which ``burns`` says so. ``point`` names the last one, such as ``journal.append:before``."""

    burns: Callable[[int], bool] = field(default=lambda _: False)
    count: int = 0
    point: str = ""

    def touch(self, point: str = "") -> None:
        """Raises Killed when the fuse burns."""
        self.count += 1
        self.point = point
        if self.burns(self.count):
            raise Killed
