"""The store's ports in memory, for tests: see ``rea.store.memory``."""

from rea.store.memory import EPOCH, MemoryInsights, MemoryJournal

__all__ = ["EPOCH", "MemoryInsights", "MemoryJournal"]
