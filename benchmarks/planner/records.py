"""Trainings that were done, kept as figures by content: data, trainer, configuration, seed. What is kept is replayed, what is new is trained,
as far as it is asked for: a training that was stopped at a ninth of its steps goes on when somebody wants to know its end.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from statistics import median

from benchmarks.planner import data, trainer
from benchmarks.planner.cells import Cell, Configuration, words
from benchmarks.planner.shelf import Line, Shelf
from benchmarks.planner.trainer import WHOLE, Course, Labels, Trained


def _reach(line: Line) -> tuple[int, bool]:
    return len(line["curve"]), bool(line["failed"])


SHELF = Shelf(Path(__file__).with_name("records.jsonl.gz"), "fresh", ("cell", "words", "seed"), _reach)
SEED = 0  # of the default training by which a busy machine is told
EVERY = 20  # trainings between two looks at how busy the machine is
NAMES = tuple(entry.name for entry in fields(Trained))
LISTS = ("curve", "blocks", "costs", "third")
OPEN = 40  # trainings that are kept in memory for somebody to go on with
TRAINER = "1"  # of what the ranker computes; `verify` retrains some records and tells when this has to change


class Missing(Exception):
    """A training is not among the records, and none may be done."""


@dataclass(slots=True)
class Records:
    """Trainings by key. New ones are appended to a file of this process under ``work`` at once, so that nothing is done twice."""

    work: Path
    replay_only: bool = False
    known: dict[str, Trained] = field(default_factory=dict)
    fresh: int = 0
    _views: dict[str, tuple[Path, Labels]] = field(default_factory=dict)
    _prints: dict[str, str] = field(default_factory=dict)
    _defaults: dict[str, list[float]] = field(default_factory=dict)
    _paces: dict[str, tuple[int, float]] = field(default_factory=dict)
    _open: OrderedDict[str, Course] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        for line in SHELF.lines(self.work):
            self.known[line["key"]] = _trained(line)
            if not line["failed"] and len(line["curve"]) > WHOLE:
                self._defaults.setdefault(line["cell"] + line["words"], []).append(line["seconds"])

    def train(self, cell: Cell, configuration: Configuration, seed: int, rung: int = WHOLE) -> Trained:
        """Return the figures of one training up to ``SHARES[rung]`` at least, from the records or by doing it.

        Raises:
            Missing: it is not recorded so far, and only what is recorded may be replayed.
        """
        said = words(cell, configuration)
        key = self.key(cell, said, seed)
        earlier = self.known.get(key)
        if earlier and earlier.answers(rung):
            return earlier
        if self.replay_only:
            raise Missing(f"{cell.name} seed {seed}: {' '.join(said)}")
        view, labels = self._view(cell.data)
        trainer.warm()
        pace = self._pace(cell, view, labels)
        course = self._open.pop(key, None) or Course(view, labels, said, seed)
        done = course.upto(rung)
        if not done.answers(WHOLE):
            self._open[key] = course
        if len(self._open) > OPEN:
            self._open.popitem(last=False)
        self._keep(key, cell, said, seed, done.after(earlier, pace))
        return self.known[key]

    def course(self, cell: Cell, said: tuple[str, ...], seed: int) -> Course:
        """Return a training at its beginning, whether it is recorded or not; nothing of it is kept."""
        trainer.warm()
        return Course(*self._view(cell.data), said, seed)

    def key(self, cell: Cell, said: tuple[str, ...], seed: int) -> str:
        told = "\n".join((self._print(cell.data), TRAINER, *said, str(seed)))
        return hashlib.sha256(told.encode()).hexdigest()[:20]

    def _pace(self, cell: Cell, view: Path, labels: Labels) -> float:
        """Return by what to multiply CPU seconds: what the cell's default took when it was recorded, over what it takes on the machine as
        busy as it is now. Two searches that were recorded beside different company are so charged alike."""
        said = words(cell, {})
        usual = self._defaults.get(cell.name + " ".join(said))
        at, pace = self._paces.get(cell.name, (-EVERY, 1.0))
        if usual and self.fresh - at >= EVERY:
            at, pace = self.fresh, median(usual) / trainer.train(view, labels, said, SEED).seconds
            self._paces[cell.name] = at, pace
        return pace

    def _print(self, name: str) -> str:
        if self.replay_only:
            return data.RECORDED[name]
        if name not in self._prints:
            view, _ = self._view(name)
            kept = view.with_suffix(".fingerprint")
            if not kept.exists():
                kept.write_text(data.fingerprint(view))
            self._prints[name] = kept.read_text()
        return self._prints[name]

    def _view(self, name: str) -> tuple[Path, Labels]:
        if name not in self._views:
            self._views[name] = data.prepare(name, self.work / "views")
        return self._views[name]

    def _keep(self, key: str, cell: Cell, said: tuple[str, ...], seed: int, done: Trained) -> None:
        line: Line = {
            "key": key,
            "cell": cell.name,
            "words": " ".join(said),
            "seed": seed,
            "curve": _rounded(done.curve, 5),
            "blocks": _rounded(done.blocks, 4),
            "test": round(done.test, 5),
            "auc": round(done.auc, 5),
            "seconds": round(done.seconds, 3),
            "reading": round(done.reading, 3),
            "failed": done.failed,
            "costs": _rounded(done.costs, 3),
            "third": _rounded(done.third, 4),
        }
        SHELF.add(self.work, line)
        self.known[key] = _trained(line)
        self.fresh += 1


def _rounded(values: Sequence[float], digits: int) -> list[float]:
    return [round(x, digits) for x in values]


def _trained(line: Line) -> Trained:
    """Lines of the first recordings have neither costs of single rungs nor blocks at a third."""
    named: Line = {name: tuple(line.get(name, ())) if name in LISTS else line[name] for name in NAMES}
    return Trained(**named)
