"""Figures by key, as JSON lines: one packed file that the project keeps, and a file of each process until its lines are packed."""

import gzip
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shelf:
    """``packed`` is kept with the project, in the order of the fields ``order``; ``prefix`` names the files of processes; of lines with one key the
    last of those with the highest ``reach`` counts."""

    packed: Path
    prefix: str
    order: tuple[str, ...]
    reach: Callable[[Line], Any] = lambda _: 0

    def lines(self, work: Path) -> list[Line]:
        """Return what is kept with the project and what is recorded since, one line a key."""
        found: dict[str, Line] = {}
        for line in self._all(work):
            key = line["key"]
            if key not in found or self.reach(line) >= self.reach(found[key]):
                found[key] = line
        return list(found.values())

    def _all(self, work: Path) -> Iterator[Line]:
        if self.packed.exists():
            with gzip.open(self.packed, "rt") as file:
                yield from map(json.loads, file)
        for path in sorted(work.glob(f"{self.prefix}-*.jsonl")):
            for line in path.read_text().splitlines(keepends=True):
                if line.endswith("\n"):  # what was being written when a recording was killed is done again
                    yield json.loads(line)

    def add(self, work: Path, line: Line) -> None:
        """Append to the file of this process at once, so that nothing is done twice."""
        with (work / f"{self.prefix}-{os.getpid()}.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")

    def pack(self, work: Path) -> int:
        """Write everything that is recorded into the file that the project keeps; return how many lines that are."""
        ordered = sorted(self.lines(work), key=lambda line: [line[name] for name in self.order])
        with gzip.GzipFile(self.packed, "wb", mtime=0) as file:
            file.write("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in ordered).encode())
        return len(ordered)
