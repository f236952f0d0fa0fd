"""Values as TOML writes them."""

import json
from collections.abc import Sequence


def quoted(text: str) -> str:
    """Return a string in quotes; JSON's escapes are TOML's too."""
    return json.dumps(str(text), ensure_ascii=False)


def listed(words: Sequence[str]) -> str:
    """Return a list of strings."""
    return f"[{', '.join(map(quoted, words))}]"
