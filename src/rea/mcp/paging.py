"""Answers in pages that a model can hold, about 2,000 tokens each: what is left out is named and can be asked for."""

import json
from collections.abc import Sequence

from rea.api.reading import SCHEMA
from rea.domain.errors import UsageError
from rea.domain.ids import digest
from rea.mcp.handles import Handles
from rea.mcp.marking import marked

PAGE_CHARS = 8_000  # of JSON as it is sent, with its indentation


def page(handles: Handles, kind: str, rows: Sequence[object], cursor: str, *about: str) -> dict[str, object]:
    """Return the rows from ``cursor`` on that fit into one page; at least one. ``about`` are the arguments that the cursor belongs to.

    Raises:
        UsageError: the cursor was not issued here, or for other arguments.
    """
    bound = digest(kind, *about)[:16]
    start = _start(handles, cursor, bound)
    shown: list[object] = []
    size = 0
    for row in rows[start:]:
        told = marked(row)
        size += len(json.dumps(told, indent=4))
        if shown and size > PAGE_CHARS:
            break
        shown.append(told)
    end = start + len(shown)
    more = handles.issue("page", f"{bound}:{end}") if end < len(rows) else None
    return {"schema": SCHEMA, "kind": kind, "total": len(rows), "from": start, "items": shown, "next_cursor": more}


def _start(handles: Handles, cursor: str, bound: str) -> int:
    if not cursor:
        return 0
    of, _, at = handles.read("page", cursor).partition(":")
    if of != bound:
        raise UsageError("this cursor belongs to another question", "repeat the arguments of the call that returned it")
    return int(at)
