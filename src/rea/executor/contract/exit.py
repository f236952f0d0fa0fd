"""The exit record: written once, by the wrapper, durably."""

import json
from dataclasses import asdict, dataclass
from math import inf

RESERVED_BYTES = 512
REASONS = ("exited", "time_limit", "silence_limit", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a job ended. ``reason`` is ``exited``, ``time_limit``, ``silence_limit`` or ``cancelled``; times are Unix.

    ``signal`` follows the shell's convention (code - 128), which a job that exits with such a code itself can imitate.
    """

    code: int
    signal: int | None
    reason: str
    started: float
    ended: float
    seconds: float

    @property
    def word(self) -> str:
        """The reason in a runbook's words: ``exit 1``, ``signal 9``, ``time_limit``, ``silence_limit``, cancelled."""
        if self.reason != "exited":
            return self.reason
        return f"exit {self.code}" if self.signal is None else f"signal {self.signal}"


def parse_exit(text: str) -> Exit | None:
    """Return the record, or None where ``text`` is not a whole one (a torn write, a damaged disk, a foreign hand)."""
    try:
        raw = json.loads(text)
        signal = None if raw["signal"] is None else int(raw["signal"])
        times = {name: float(raw[name]) for name in ("started", "ended", "seconds")}
        record = Exit(code=int(raw["code"]), signal=signal, reason=str(raw["reason"]), **times)
        return record if _sound(record) else None
    except (ValueError, TypeError, KeyError, OverflowError):
        return None


def _sound(record: Exit) -> bool:
    return record.reason in REASONS and all(0 <= time < inf for time in (record.started, record.ended, record.seconds))


def render_exit(record: Exit) -> str:
    """Return the text that ``parse_exit`` reads back."""
    return json.dumps(asdict(record))
