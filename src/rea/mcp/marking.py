"""Text that others wrote is handed on as data: marked, printable, short, without what looks like a secret.

Marked by default: a string is plain only where it is one short word, such as a name, a digest or a time, under a key that never holds
anybody's prose. So a field that is added tomorrow is marked before anyone thinks of it.
"""

import re
from collections.abc import Mapping

from rea.report.foreign import line

MARK = "untrusted_text"
LONGEST = 400  # characters of one marked text
MOST_PARTS = 40  # of a list inside a row
OURS = "handle"  # signed, and put into a row by us alone
WORD = re.compile(r"[\w.,:+/=@%-]{0,80}")
PROSE = frozenset(
    {
        "reason",
        "statement",
        "rationale",
        "falsifier",
        "citation",
        "question",
        "why",
        "sentence",
        "log",
        "text",
        "by",
        "title",
    }
)


def marked(value: object, key: str = "") -> object:
    """Return ``value`` as JSON, with every text that may be somebody else's under the key ``untrusted_text``."""
    if isinstance(value, Mapping):
        return {str(k): marked(v, str(k)) for k, v in value.items()}
    if isinstance(value, list | tuple):
        rest = len(value) - MOST_PARTS
        return [*(marked(v, key) for v in value[:MOST_PARTS]), *([f"{rest}_more"] if rest > 0 else [])]
    if isinstance(value, bool | int | float) or value is None:
        return value
    return _text(str(value), key)


def foreign(text: str) -> dict[str, str]:
    """Return ``text`` marked, whatever it looks like."""
    return {MARK: line(text, LONGEST)}


def _text(text: str, key: str) -> object:
    if not text or key == OURS or (key not in PROSE and WORD.fullmatch(text)):
        return text
    return foreign(text)
