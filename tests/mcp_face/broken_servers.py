"""Servers with one defence taken out, each started as ``python -m mcp_face.broken_servers BUG STATE``: what guards it must turn red."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rea.api import asking, deciding, looking
from rea.mcp import paging, server
from rea.mcp.handles import Handles


def unsigned() -> None:
    """Handles are read without looking at their signature, and a job's name is believed."""
    import base64

    def read(self: Handles, kind: str, handle: str) -> str:
        body = handle.split(".")[1]
        return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()

    def log(config: Any, c: Any, job: str) -> list[str]:
        return (config.campaign(c.id) / "jobs" / job / "control" / "log").read_text().splitlines()  # type: ignore[no-any-return]

    Handles.read = read  # type: ignore[method-assign]
    looking.log = log


def approving() -> None:
    """A request to run approves the plan at once."""

    def run(config: Any, c: Any, by: str, why: str) -> Any:
        deciding.approve(looking.journal(config), c.id, c, c.plan_digest, by)
        return asked(config, c, by, why)

    asked, asking.run = asking.run, run


def unmarked() -> None:
    """Text that others wrote is handed on as it is."""
    vars(paging)["marked"] = lambda value, key="": value


def boundless() -> None:
    """Nobody counts requests, and no page ends."""
    asking.MOST_PENDING = 10**9
    paging.PAGE_CHARS = 10**9


BUGS: dict[str, Callable[[], None]] = {b.__name__: b for b in (unsigned, approving, unmarked, boundless)}

if __name__ == "__main__":
    BUGS[sys.argv[1]]()
    server.server(Path(sys.argv[2])).run("stdio")
