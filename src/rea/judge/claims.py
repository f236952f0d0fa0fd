"""What a job says of itself: shown as claimed, never used for a score."""

import json
import math
from pathlib import Path

_MOST_BYTES = 65_536
_MOST = 64
_LONGEST_NAME = 64


def read_claims(path: Path) -> tuple[tuple[str, float], ...]:
    """Return the finite numbers at the top of a small JSON object, by name; nothing where ``path`` is anything else."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return ()
        said = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return ()
    if not isinstance(said, dict):
        return ()
    numbers = [(name, _number(value)) for name, value in sorted(said.items()) if len(name) <= _LONGEST_NAME]
    return tuple((name, value) for name, value in numbers if value is not None)[:_MOST]


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None
