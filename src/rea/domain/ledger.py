"""The budget, in integers: device-milliseconds, tokens, millionths of money. Reserve before a launch or a call, settle after its end."""

from dataclasses import dataclass, replace

from rea.domain.errors import OverBudget


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What an engineer granted, what running jobs hold, what ended jobs cost. Invariant: spent + held <= granted.

    A job that cost more than was held for it is a fact: the excess goes to ``overrun``, which pauses the campaign and breaks no invariant.
    """

    granted: int = 0
    held: int = 0
    spent: int = 0
    overrun: int = 0

    @property
    def free(self) -> int:
        return self.granted - self.held - self.spent

    def hold(self, amount: int) -> "Ledger":
        """Raises OverBudget when ``amount`` is not free."""
        if amount > self.free:
            raise OverBudget(f"{amount} wanted of a budget of which {self.free} are free", "grant more, or stop here")
        return replace(self, held=self.held + amount)

    def settle(self, held: int, actual: int) -> "Ledger":
        """Give back what was held and book what it cost."""
        within = min(actual, held)
        return replace(
            self, held=self.held - held, spent=self.spent + within, overrun=self.overrun + max(0, actual - held)
        )

    def grant(self, amount: int) -> "Ledger":
        """Raise what is granted to ``amount``; a grant never shrinks."""
        return replace(self, granted=max(self.granted, amount))

    def give_back(self) -> "Ledger":
        """Return the ledger without what is free: what was not needed is somebody else's again."""
        return replace(self, granted=self.held + self.spent)
