"""Asks again where a provider says that it did nothing: too many requests, overloaded, not reached."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from rea.agent.call import Link, Reply, Request, Unsent

TRIES = 3
LONGEST_S = 10.0  # of one wait: a wake is not to be held up by a provider


@dataclass(frozen=True, slots=True)
class Retry:
    """The last link before a provider: a reply that may have been generated is never asked for again here."""

    link: Link
    wait: Callable[[float], None] = time.sleep
    tries: int = TRIES

    def ask(self, request: Request) -> Reply:
        for number in range(1, self.tries):
            try:
                return self.link.ask(request)
            except Unsent as error:
                if not error.again or error.after_s > LONGEST_S:
                    raise
                self.wait(max(error.after_s, float(number)))
        return self.link.ask(request)
