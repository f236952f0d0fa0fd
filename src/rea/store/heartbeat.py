"""A lease kept up while its holder is in a long step. A process that is stopped or killed beats no more."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rea.domain.errors import CampaignBusy, StoreError
from rea.store import leases
from rea.store.database import Database
from rea.store.leases import Lease

BEATS = 4  # within one term
LONGEST_S = 900.0  # without an append: a holder that hangs is not kept up for ever


@contextmanager
def beating(database: Database, lease: Lease, longest_s: float = LONGEST_S) -> Iterator[None]:
    """Renew ``lease`` again and again from a thread of its own until the end, or until nothing was appended for ``longest_s``."""
    over = threading.Event()
    thread = threading.Thread(target=_beat, args=(database, lease, longest_s, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(lease.term_s)


def _beat(database: Database, lease: Lease, longest_s: float, over: threading.Event) -> None:
    while not over.wait(lease.term_s / BEATS) and time.monotonic() - lease.moved < longest_s:
        try:
            leases.prove(database, lease)
        except CampaignBusy:
            return
        except StoreError:
            continue  # the server is away: the term goes on running, as it should
