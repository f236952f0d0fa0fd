"""The end of a job's log, as text that is safe to show and to match against."""

import os
import re
from pathlib import Path

from rea.executor.contract.directory import control_of

TAIL_BYTES = 8192

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_OVERWRITTEN = re.compile(r"[^\n]*\r(?=[^\n])")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def tail(directory: Path, limit: int = TAIL_BYTES) -> str:
    """Return the last ``limit`` bytes of the log as plain text, "" without a log."""
    try:
        with (control_of(directory) / "log").open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - limit))
            return plain(file.read(limit).decode(errors="replace"))
    except FileNotFoundError:
        return ""


def plain(text: str) -> str:
    """Return ``text`` as a terminal would show it at the end: no colours, of a progress bar only its last state."""
    return _UNPRINTABLE.sub("", _OVERWRITTEN.sub("", _ESCAPE.sub("", text)))
