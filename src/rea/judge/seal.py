"""Sealing a log: the labels that verdicts rest on are taken out of what jobs are handed."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rea.domain.errors import WorkloadError
from rea.domain.evidence import SealLevel
from rea.domain.ids import Digest, digest
from rea.domain.workload import Data
from rea.judge import log
from rea.judge.columns import coded
from rea.judge.files import private_directory
from rea.judge.fingerprint import column_digests, rows_digest
from rea.judge.manifest import Manifest, intact, read_manifest, refuse_change, write_manifest
from rea.judge.rows import SealedRows, save_arrays, save_rows
from rea.judge.views import Parts, write_view

FEWEST_ROWS = 100
FEWEST_OF_A_LABEL = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What was sealed. ``fingerprint`` names the whole log, ``test_fingerprint`` the labelled test rows: openings are counted by it.

    ``base_rates`` are shares of positive labels by part. Counts are rows.
    """

    fingerprint: Digest
    test_fingerprint: Digest
    judge_digest: Digest
    train: int
    early_stopping: int
    judge: int
    test: int
    base_rates: tuple[tuple[str, float], ...]
    level: SealLevel


def seal(
    data: Data, source: Path, campaign_directory: Path, key: int, level: SealLevel = SealLevel.HANDED_OVER
) -> Sealed:
    """Split the log at ``source`` into views for jobs and sealed labels; sealing the same log again changes nothing.

    Half of the validation rows, drawn by a hash of their ids under ``key``, become the judge rows; the others stay labelled
    for early stopping. Writes ``data/select.*`` (judge rows to predict, no test rows), ``data/confirm.*`` (judge and test rows
    to predict) and ``sealed/`` (labels, for the judge alone).

    Raises:
        WorkloadError: the log is not usable, or is not the one that was sealed here before; the message says what differs.
    """
    table = log.read_log(data, source)
    rows = _rows(data, table)
    log.refuse_copies_of_label(data, table, rows.label)
    parts = _carve(log.splits(data, table), rows, key)
    columns = column_digests(table)
    sealed = _summary(parts, rows, columns, level)
    wanted = Manifest(data=data, key=digest("key", key), rows=len(rows), columns=columns)
    known = read_manifest(campaign_directory)
    if known is not None:
        refuse_change(known, wanted)
    if known is None or not intact(known, campaign_directory):
        _write(campaign_directory, table, data, (rows, parts))
        write_manifest(campaign_directory, wanted)
    return sealed


def _rows(data: Data, table: pa.Table) -> SealedRows:
    label = log.labels(data, table)
    if label.min(initial=1) == label.max(initial=0):
        raise WorkloadError(
            f"label {data.label!r} is the same in every row", "name a column with both 0 and 1 as [data] label"
        )
    names = [*data.slices, *([data.day] if data.day else [])]
    return SealedRows(
        row_id=log.row_ids(data, table),
        label=label,
        group=coded(table[data.group]).codes if data.group else None,
        oracle=log.oracle(data, table),
        columns={name: coded(table[name]) for name in names},
    )


def _carve(split: NDArray[np.str_], rows: SealedRows, key: int) -> Parts:
    valid = np.flatnonzero(split == "valid")
    judge = np.zeros(len(rows), dtype=np.bool_)
    judge[valid[_lower_half(rows.row_id[valid], key)]] = True
    parts = Parts(train=split == "train", early_stopping=(split == "valid") & ~judge, judge=judge, test=split == "test")
    for name, mask in (("judge", parts.judge), ("test", parts.test)):
        _check_enough(name, rows.label[mask])
    return parts


def _lower_half(row_id: NDArray[np.generic], key: int) -> NDArray[np.int64]:
    """Return the places of the half of the ids whose keyed hashes are lowest: exact in size, unpredictable without the key."""
    secret = hashlib.sha256(str(key).encode()).digest()
    hashes = [hashlib.blake2b(str(name).encode(), digest_size=16, key=secret).digest() for name in row_id.tolist()]
    return np.sort(np.argsort(np.array(hashes, dtype="S16"), kind="stable")[: len(hashes) // 2])


def _check_enough(name: str, label: NDArray[np.int8]) -> None:
    positives = int(label.sum())
    if len(label) < FEWEST_ROWS or min(positives, len(label) - positives) < FEWEST_OF_A_LABEL:
        source = "half of the validation rows" if name == "judge" else "the test rows"
        raise WorkloadError(
            f"only {len(label)} {name} rows, {positives} of them positive ({source}): nothing can be concluded from them",
            f"give at least {FEWEST_ROWS} rows with {FEWEST_OF_A_LABEL} of each label; thousands are usual",
        )


def _summary(parts: Parts, rows: SealedRows, columns: dict[str, str], level: SealLevel) -> Sealed:
    judge, test = rows.take(parts.judge), rows.take(parts.test)
    masks = {"train": parts.train, "early_stopping": parts.early_stopping, "judge": parts.judge, "test": parts.test}
    return Sealed(
        fingerprint=digest("log", sorted(columns.items())),
        test_fingerprint=rows_digest(test.row_id, test.label),
        judge_digest=rows_digest(judge.row_id, judge.label),
        train=int(parts.train.sum()),
        early_stopping=int(parts.early_stopping.sum()),
        judge=len(judge),
        test=len(test),
        base_rates=tuple((name, float(rows.label[mask].mean())) for name, mask in masks.items()),
        level=level,
    )


def _write(campaign: Path, table: pa.Table, data: Data, split: tuple[SealedRows, Parts]) -> None:
    rows, parts = split
    sealed = private_directory(campaign / "sealed")
    predicted = parts.judge | parts.test
    save_arrays(sealed / "order.npz", {"row_id": rows.row_id[predicted], "is_test": parts.test[predicted]})
    save_rows(sealed / "judge.npz", rows.take(parts.judge))
    save_rows(sealed / "test.npz", rows.take(parts.test))
    (campaign / "data").mkdir(parents=True, exist_ok=True)
    for name in ("select", "confirm"):
        write_view(campaign / "data" / f"{name}.{data.format}", table, data, parts, test_rows=name == "confirm")
