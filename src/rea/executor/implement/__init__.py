"""From a hypothesis to a patch that may run: made in a sandbox, let in by one gate, handed back as one branch."""

from rea.executor.implement.gate import admitted
from rea.executor.implement.make import Order, made

__all__ = ["Order", "admitted", "made"]
