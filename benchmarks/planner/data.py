"""The four data sets of the benchmark, cut to seconds of training: one view without the labels that judge, and those labels apart."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.planner.trainer import Labels

RANKER = Path(__file__).resolve().parents[2] / "src" / "rea" / "workloads" / "ranking"
TRAIN_ROWS = 40_000
VALID_ROWS = 5_000  # of the trainer's own: early stopping and calibration
JUDGE_ROWS = 15_000
TEST_ROWS = 30_000
LOG_SEED = 20_261
ROWS_SEED = 7
RECORDED = {  # fingerprints of the views that the records are of, by which they are replayed where the data are not at hand
    "frappe": "210b79471cc15a65",
    "ml100k": "7b07563c734b906e",
    "adult": "cbb050adfc604bce",
    "synthetic": "3c70b0b4b8b8a3ce",
}


def names() -> tuple[str, ...]:
    return tuple(_READERS)


def prepare(name: str, folder: Path) -> tuple[Path, Labels]:
    """Return the view of a data set that trainings read, made on the first call, and the labels they never see.

    Raises FileNotFoundError where REA_DATA does not name the folder of the real data sets.
    """
    view, apart = folder / f"{name}.parquet", folder / f"{name}.labels.npz"
    if not view.exists() or not apart.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _cut(_READERS[name](folder), view, apart)
    with np.load(apart) as kept:
        return view, Labels(row_id=kept["row_id"], label=kept["label"], judge=kept["judge"])


def fingerprint(view: Path) -> str:
    """Return a digest of the rows of a view, whatever wrote its bytes."""
    table = pq.read_table(view)
    told = hashlib.sha256(" ".join(table.schema.names).encode())
    for column in table.columns:
        told.update("\n".join("" if x is None else x for x in column.cast(pa.string()).to_pylist()).encode())
    return told.hexdigest()[:16]


def _cut(table: pa.Table, view: Path, apart: Path) -> None:
    """Keep some training rows, a few for the trainer's own validation; the other validation rows judge, the test rows stay sealed."""
    rng = np.random.default_rng(ROWS_SEED)
    split = np.array(table["split"].cast(pa.string()).to_pylist())
    label = table["label"].to_numpy().astype(float)
    chosen = [np.flatnonzero(split == part) for part in ("train", "valid", "test")]
    train = np.sort(rng.permutation(chosen[0])[:TRAIN_ROWS])
    shuffled = rng.permutation(chosen[1])
    share = min(VALID_ROWS, len(shuffled) // 3)
    valid, judge = np.sort(shuffled[:share]), np.sort(shuffled[share : share + JUDGE_ROWS])
    test = np.sort(rng.permutation(chosen[2])[:TEST_ROWS])
    order = np.concatenate([train, valid, judge, test])
    role = np.repeat(["train", "valid", "test", "test"], [len(x) for x in (train, valid, judge, test)])
    shown = np.where(role == "test", np.nan, label[order])
    kept = table.drop_columns(["split", "label"]).take(pa.array(order))
    kept = kept.append_column("split", pa.array(role)).append_column("label", pa.array(shown, from_pandas=True))
    kept = kept.append_column("row_id", pa.array(np.arange(len(order))))
    sealed = np.flatnonzero(role == "test")
    pq.write_table(kept, view, compression="zstd")
    np.savez(apart, row_id=sealed, label=label[order][sealed], judge=np.arange(len(sealed)) < len(judge))


def _real(name: str) -> pa.Table:
    folder = os.environ.get("REA_DATA", "")
    path = Path(folder) / name / f"{name}.parquet"
    if not folder or not path.exists():
        raise FileNotFoundError(f"{name} needs REA_DATA, the folder that holds {name}/{name}.parquet")
    return pq.read_table(path)


def _frappe(_: Path) -> pa.Table:
    return _real("frappe")


def _adult(_: Path) -> pa.Table:
    return _real("adult")


def _ml100k(_: Path) -> pa.Table:
    """MovieLens by time within a user; the rating is the label in other words, so it is left out."""
    table = _real("ml100k")
    first = pc.min(table["timestamp"]).as_py()
    day = pc.cast(pc.divide(pc.subtract(table["timestamp"], first), 86_400), pa.int32())
    table = table.append_column("day", day)
    return _renamed(table.drop_columns(["split", "rating", "timestamp"]), "split_user", "split")


def _synthetic(folder: Path) -> pa.Table:
    """The ``demo`` log without what only its maker knows."""
    path = folder / "log.parquet"
    command = (
        sys.executable,
        "-m",
        "ranker.synthetic",
        "--setting",
        "demo",
        "--seed",
        str(LOG_SEED),
        "--out",
        str(path),
    )
    subprocess.run(command, check=True, cwd=RANKER, stdout=subprocess.DEVNULL)
    table = pq.read_table(path)
    path.unlink()
    known = [name for name in table.schema.names if name.startswith("p_") or name == "row_id"]
    return _renamed(table.drop_columns(known), "click", "label")


def _renamed(table: pa.Table, old: str, new: str) -> pa.Table:
    return table.rename_columns([new if name == old else name for name in table.schema.names])


_READERS: dict[str, Callable[[Path], pa.Table]] = {
    "frappe": _frappe,
    "ml100k": _ml100k,
    "adult": _adult,
    "synthetic": _synthetic,
}
