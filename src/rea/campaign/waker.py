"""Hibernate and wake: one advancer per campaign, no knock lost, and the one place where any failure is caught."""

import errno
import time
from collections.abc import Callable
from pathlib import Path

from rea import gate
from rea.domain.action import Wake
from rea.domain.errors import BackendUnreachable, CampaignBusy, StaleDecision, StoreError

RETRY_S = 60.0

_PASSING = (BackendUnreachable, CampaignBusy, StaleDecision, StoreError)
_PASSING_OF_THE_SYSTEM = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)
)
"""A disk that is full or does not answer, a machine short of something: somebody frees it, and the campaign goes on by itself."""


def run(
    state: Path,
    campaign: str,
    advance: Callable[[], Wake],
    record_crash: Callable[[Exception], None],
    held: gate.Held | None = None,
) -> None:
    """Advance the campaign until nobody knocks any more; return at once where another process is at it already.

    A failure that passes by itself is tried again after ``RETRY_S``; any other is handed to ``record_crash``, which has to
    leave the campaign paused. Should that fail too, its error is raised and the timer will try again.
    """
    directory = gate.place(state, campaign)
    held = held or gate.knock(directory)
    while held is not None:
        with held:
            _look_until_quiet(directory, advance, record_crash)
        held = gate.try_lock(directory) if gate.pending(directory) else None


def _look_until_quiet(directory: Path, advance: Callable[[], Wake], record_crash: Callable[[Exception], None]) -> None:
    knocked = True
    while knocked:
        gate.begin_look(directory)
        wake = _look(advance, record_crash)
        gate.end_look(directory, wake.next_at)
        knocked = gate.pending(directory)


def _look(advance: Callable[[], Wake], record_crash: Callable[[Exception], None]) -> Wake:
    try:
        return advance()
    except _PASSING as error:
        return Wake(next_at=time.time() + RETRY_S, waiting_for=error.message)
    except OSError as error:
        if not passes(error):
            record_crash(error)
            return Wake(next_at=None, waiting_for="a person, after a crash")
        return Wake(next_at=time.time() + RETRY_S, waiting_for=f"the machine: {error}")
    except Exception as error:  # noqa: BLE001 a crash may not end a campaign silently: it is recorded, and a person looks
        record_crash(error)
        return Wake(next_at=None, waiting_for="a person, after a crash")


def passes(error: OSError) -> bool:
    """Whether a failure of the system is one that needs no person to look into the campaign."""
    return error.errno in _PASSING_OF_THE_SYSTEM
