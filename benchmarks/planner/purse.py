"""A contender's budget: what it may train, what that has cost, and which configuration it would hand over at any moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from benchmarks.planner.cells import Cell, Configuration, Value
from benchmarks.planner.records import Records
from benchmarks.planner.trainer import WHOLE, Trained

RUNS = {"full": 80, "shared": 40}  # what every contender may spend at a level, in default trainings
DEFAULT_SEEDS = tuple(range(100, 105))  # by which a default training is priced
BROKEN = 9.0  # NE of what could not be trained


class Spent(Exception):
    """The budget does not cover what was asked for."""


def unit_s(records: Records, cell: Cell) -> float:
    """Return what a default training of a cell costs in CPU seconds: the cost table has one entry a cell."""
    return median(records.train(cell, {}, seed).seconds for seed in DEFAULT_SEEDS)


@dataclass(slots=True)
class Purse:
    """``trace`` holds (spent, configuration) whenever what would be handed over changed; costs are in default trainings."""

    records: Records
    cell: Cell
    limit: float = RUNS["full"]
    spent: float = 0.0
    best: float = BROKEN
    trace: list[tuple[float, dict[str, Value]]] = field(default_factory=lambda: [(0.0, {})])
    unit: float = field(init=False)

    def __post_init__(self) -> None:
        self.unit = unit_s(self.records, self.cell)

    def run(self, configuration: Configuration, seed: int) -> float:
        """Train to the end and return NE on the judge rows; the best one seen so far is what would be handed over.

        Raises:
            Spent: the budget is used up.
        """
        return self.upto(configuration, seed, WHOLE, 0.0)

    def upto(self, configuration: Configuration, seed: int, rung: int, paid: float) -> float:
        """Train to ``SHARES[rung]``, of which ``paid`` was paid for before, and return NE on the judge rows there."""
        done = self.records.train(self.cell, configuration, seed, rung)
        self._pay(self.cost(done, rung) - paid)
        if done.fails(rung):
            return BROKEN
        value = done.curve[rung]
        if rung == WHOLE and value < self.best:
            self.best = value
            self.trace.append((self.spent, dict(configuration)))
        return value

    def cost(self, done: Trained, rung: int) -> float:
        """Return what a training up to a rung costs, in default trainings."""
        return done.cost(rung) / self.unit

    def _pay(self, cost: float) -> None:
        if self.spent + cost > self.limit:
            raise Spent
        self.spent += cost


def handed_over(trace: list[tuple[float, dict[str, Value]]], spent: float) -> Mapping[str, Value]:
    """Return what would have been handed over after ``spent``."""
    return [configuration for at, configuration in trace if at <= spent][-1]
