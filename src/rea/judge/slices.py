"""The rows of each value of a column, where there are enough of them to say anything."""

from collections.abc import Iterator

import numpy as np

from rea.judge.rows import Ints, SealedRows

FEWEST_IN_A_SLICE = 100
FEWEST_OF_A_LABEL = 10


def large_slices(rows: SealedRows, column: str) -> Iterator[tuple[Ints, str]]:
    """Yield the rows of each value of a column that has enough of them, with the slice's name ``column=value``."""
    coded = rows.columns[column]
    order = np.argsort(coded.codes, kind="stable")
    for index in np.split(order, np.flatnonzero(np.diff(coded.codes[order])) + 1):
        positives = int(rows.label[index].sum())
        if len(index) >= FEWEST_IN_A_SLICE and FEWEST_OF_A_LABEL <= positives <= len(index) - FEWEST_OF_A_LABEL:
            yield index, f"{column}={coded.names[coded.codes[index[0]]]}"
