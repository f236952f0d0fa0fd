"""A folder of papers as plain text or Markdown; and the shelf on which papers from elsewhere are kept, so that one question stays one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rea.planner.sources.model.literature.paper import Literature, Paper

KINDS = (".txt", ".md")
LARGEST = 2_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Folder:
    """Papers in ``directory``: one file each, no link followed; those that hold most of the words come first."""

    directory: Path

    def find(self, words: Sequence[str], most: int) -> Sequence[Paper]:
        papers = [paper for path in self._files() if (paper := _read(path)) is not None]
        ranked = sorted(papers, key=lambda paper: (-_score(paper, words), paper.title))
        return tuple(ranked[:most])

    def _files(self) -> list[Path]:
        if not self.directory.is_dir():
            return []
        return sorted(p for p in self.directory.iterdir() if p.suffix in KINDS and p.is_file() and not p.is_symlink())


@dataclass(frozen=True, slots=True)
class Shelf:
    """Asks ``library`` once for the same words, and keeps the answer in ``file``: a later wake reads the same papers."""

    library: Literature
    file: Path

    def find(self, words: Sequence[str], most: int) -> Sequence[Paper]:
        key = f"{most} {' '.join(words)}"
        kept: dict[str, list[dict[str, str]]] = json.loads(self.file.read_text()) if self.file.exists() else {}
        if key not in kept:
            found = self.library.find(words, most)
            kept[key] = [{"title": p.title, "text": p.text, "url": p.url} for p in found]
            half = self.file.with_name(self.file.name + ".half")
            half.write_text(json.dumps(kept))
            half.replace(self.file)
        return tuple(Paper(**paper) for paper in kept[key])


def _read(path: Path) -> Paper | None:
    try:
        if path.stat().st_size > LARGEST:
            return None
        return Paper(title=path.stem, text=path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None


def _score(paper: Paper, words: Sequence[str]) -> int:
    text = f"{paper.title} {paper.text}".lower()
    return sum(min(5, text.count(word.lower())) for word in words)
