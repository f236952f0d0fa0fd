"""Figures by key, as JSON lines: one packed file that the project keeps, and a file of each process until its lines are packed."""

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shelf:
    """``packed`` is kept with the project, in the order of the fields ``order``; ``prefix`` names the files of processes."""

    packed: Path
    prefix: str
    order: tuple[str, ...]

    def lines(self, work: Path) -> Iterator[Line]:
        """Yield what is kept with the project, then what is recorded since."""
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
        by_key = {line["key"]: line for line in self.lines(work)}
        ordered = sorted(by_key.values(), key=lambda line: [line[name] for name in self.order])
        with gzip.GzipFile(self.packed, "wb", mtime=0) as file:
            file.write("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in ordered).encode())
        return len(ordered)
