"""The sealed rows: ids, labels and what they are broken down by. Kept as plain arrays, readable by their owner only."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rea.domain.errors import IntegrityError
from rea.judge.files import write_whole

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Labels = NDArray[np.int8]
Mask = NDArray[np.bool_]
Ids = NDArray[np.generic]  # int64 or text
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column as codes: row i holds ``names[codes[i]]``."""

    codes: Ints
    names: NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SealedRows:
    """R rows in the log's order. ``group`` are codes; ``columns`` are the slices and the day."""

    row_id: Ids
    label: Labels
    group: Ints | None = None
    oracle: Floats | None = None
    columns: dict[str, Coded] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.label)

    def take(self, mask: Mask) -> "SealedRows":
        return SealedRows(
            row_id=self.row_id[mask],
            label=self.label[mask],
            group=None if self.group is None else self.group[mask],
            oracle=None if self.oracle is None else self.oracle[mask],
            columns={name: Coded(column.codes[mask], column.names) for name, column in self.columns.items()},
        )


def save_rows(path: Path, rows: SealedRows) -> None:
    """Write rows so that only their owner can read them; equal rows give equal bytes."""
    arrays: Arrays = {"row_id": rows.row_id, "label": rows.label}
    if rows.group is not None:
        arrays["group"] = rows.group
    if rows.oracle is not None:
        arrays["oracle"] = rows.oracle
    for name, column in rows.columns.items():
        arrays[f"codes:{name}"], arrays[f"names:{name}"] = column.codes, column.names
    save_arrays(path, arrays)


def load_rows(path: Path) -> SealedRows:
    """Read sealed rows.

    Raises:
        IntegrityError: the file is missing or is not what was written.
    """
    arrays = load_arrays(path)
    sliced = [name.removeprefix("codes:") for name in arrays if name.startswith("codes:")]
    return SealedRows(
        row_id=arrays["row_id"],
        label=arrays["label"],
        group=arrays.get("group"),
        oracle=arrays.get("oracle"),
        columns={name: Coded(arrays[f"codes:{name}"], arrays[f"names:{name}"]) for name in sliced},
    )


def save_arrays(path: Path, arrays: Arrays) -> None:
    def fill(half: Path) -> None:
        with half.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    write_whole(path, fill, mode=0o600)


def load_arrays(path: Path) -> Arrays:
    try:
        with np.load(path, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise IntegrityError(
            f"sealed rows {path} cannot be read: {error}", "restore it from a copy, or seal the data again"
        ) from error
