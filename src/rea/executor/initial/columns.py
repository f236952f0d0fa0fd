"""Data files of a repository, and what their columns probably mean."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_MEANINGS = {
    "label": r"label|click|clicked|is_click|y|target|conversion|converted",
    "split": r"split|fold|subset|set|partition",
    "row_id": r"row_id|rowid|id|impression_id|row|index|sample_id",
    "day": r"day|date|dt",
    "group": r"user|user_id|uid|userid|query|query_id|session|session_id",
}
_SLICES = r"device|device_type|country|platform|os|region|gender"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """A table and its columns. ``path`` is relative to the repository."""

    path: str
    columns: tuple[str, ...]

    @property
    def format(self) -> str:
        return "csv" if self.path.endswith(".csv") else "parquet"

    def meaning(self, of: str) -> str:
        """Return the column that probably is the ``label``, ``split``, ``row_id``, ``day`` or ``group``; empty where none is."""
        return next((c for c in self.columns if re.fullmatch(_MEANINGS[of], c.lower())), "")

    @property
    def slices(self) -> tuple[str, ...]:
        return tuple(c for c in self.columns if re.fullmatch(_SLICES, c.lower()))


def data_files(root: Path, paths: Sequence[str]) -> tuple[DataFile, ...]:
    """Return the tables among ``paths``, those with a label first, then the largest."""
    found = [
        DataFile(path=p, columns=c) for p in paths if p.endswith((".csv", ".parquet")) and (c := _columns(root / p))
    ]
    return tuple(sorted(found, key=lambda d: (not d.meaning("label"), -(root / d.path).stat().st_size, d.path)))


def _columns(path: Path) -> tuple[str, ...]:
    try:
        return _of_csv(path) if path.suffix == ".csv" else _of_parquet(path)
    except (OSError, ValueError):
        return ()


def _of_csv(path: Path) -> tuple[str, ...]:
    with path.open(newline="", encoding="utf-8") as file:
        header = next(csv.reader([file.readline(65536)]), [])
    return tuple(name.strip() for name in header)


def _of_parquet(path: Path) -> tuple[str, ...]:
    import pyarrow.parquet as pq

    return tuple(pq.read_schema(path).names)
