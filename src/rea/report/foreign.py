"""Text that others wrote: logs, statements, names. Made printable, short, and free of what looks like a secret."""

import re

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?")
_NAMED = re.compile(
    r"""(?ix) ((?:api[_-]?key|access[_-]?key|token|secret|passw(?:or)?d|authorization|credentials?)[\w-]{0,40}["']?\s{0,8}[=:]\s{0,8})
        (?:"[^"]*"? | '[^']*'? | (?:bearer|basic)\s{1,8}\S+ | \S+)"""
)
_KNOWN = re.compile(
    r"(?:\b(?:sk|pk|rk)-[\w-]{8,}|\bgh[pousr]_\w{16,}|\bhf_\w{16,}|\bxox[a-z]-[\w-]{8,}|\bAKIA[0-9A-Z]{12,}|\beyJ[\w-]{8,}\.[\w.-]{8,}"
    r"|(?<=://)[^\s/:@]+:[^\s/@]+(?=@)|(?i:(?<=bearer )\S{8,}))"
)
_KEY = re.compile(
    r"(?:-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----|\A[\w+/=\s]*(?=-----END [A-Z ]{0,40}PRIVATE KEY-----))"
    r".*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
WINDOW = 20_000  # characters looked at: no pattern meets a text of any size
REDACTED = "[redacted]"


def printable(text: str) -> str:
    """Return ``text`` without colour codes and control or direction-changing characters; line ends and tabs stay."""
    plain = _ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(ch for ch in plain if ch.isprintable() or ch in "\n\t\u00a0")


def redacted(text: str) -> str:
    """Return ``text`` without what looks like a secret. A pattern finds the common kinds, not all."""
    return _KNOWN.sub(REDACTED, _NAMED.sub(rf"\1{REDACTED}", _KEY.sub(REDACTED, text)))


def line(text: str, limit: int = 300) -> str:
    """Return ``text`` as one printable line of at most ``limit`` characters, secrets left out."""
    flat = re.sub(r"[ \n\t]+", " ", redacted(printable(text[:WINDOW]))).strip()
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def excerpt(log: str, lines: int = 12, width: int = 200) -> str:
    """Return the last lines of a log, each cut to ``width``, secrets left out."""
    kept = [row.rstrip() for row in redacted(printable(log[-WINDOW:])).splitlines() if row.strip()][-lines:]
    return "\n".join(row if len(row) <= width else row[: width - 1] + "…" for row in kept)
