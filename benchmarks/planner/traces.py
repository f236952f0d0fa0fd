"""What each contender would have handed over and when. Searches of others are kept and replayed; this project's are always run anew."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.planner.agent import campaign
from benchmarks.planner.cells import Cell, Value
from benchmarks.planner.contenders import search
from benchmarks.planner.purse import RUNS, Purse, handed_over
from benchmarks.planner.records import Records
from benchmarks.planner.shelf import Shelf

SHELF = Shelf(Path(__file__).with_name("traces.jsonl.gz"), "traces", ("level", "cell", "contender", "search"))
RULES = "2"  # of the contenders: to be raised when what they do changes
AGENT = "rea"
SEEDS = 2000
Trace = list[tuple[float, dict[str, Value]]]


@dataclass(frozen=True, slots=True)
class Task:
    """One search of one contender in one cell."""

    level: str
    cell: Cell
    contender: str
    number: int

    @property
    def seed(self) -> int:
        """Of the search: what one cell draws says nothing of what another draws, or a lucky draw would count in every cell."""
        return int(hashlib.sha256(f"{self.cell.name} {self.number}".encode()).hexdigest(), 16) % SEEDS

    @property
    def key(self) -> str:
        told = repr(
            (
                RULES,
                self.level,
                self.cell,
                self.cell.default,
                self.cell.spans(self.level),
                self.contender,
                self.number,
                RUNS[self.level],
            )
        )
        return hashlib.sha256(told.encode()).hexdigest()[:20]


@dataclass(slots=True)
class Traces:
    """Traces by task; new ones are appended to a file of this process under ``work``."""

    work: Path
    known: dict[str, Trace] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for line in SHELF.lines(self.work):
            self.known[line["key"]] = [(spent, configuration) for spent, configuration in line["trace"]]

    def of(self, task: Task, records: Records) -> Trace:
        """Return the trace of a task, searching where it is not known.

        Raises:
            Missing: a training that it needs is not recorded, and only records may be replayed.
        """
        if task.contender == AGENT:
            return [(at, dict(x)) for at, x in campaign(records, task.cell, task.level, task.number)]
        if task.key not in self.known:
            purse = Purse(records, task.cell, RUNS[task.level])
            search(task.contender, purse, task.cell.spans(task.level), task.seed)
            self._keep(task, purse.trace)
        return self.known[task.key]

    def _keep(self, task: Task, trace: Trace) -> None:
        line = {
            "key": task.key,
            "level": task.level,
            "cell": task.cell.name,
            "contender": task.contender,
            "search": task.number,
            "trace": trace,
        }
        SHELF.add(self.work, line)
        self.known[task.key] = json.loads(json.dumps(trace))


def chosen(trace: Trace, level: str, share: float) -> dict[str, Value]:
    """Return the configuration that was to be handed over after ``share`` of a level's budget."""
    return dict(handed_over(trace, share * RUNS[level]))
