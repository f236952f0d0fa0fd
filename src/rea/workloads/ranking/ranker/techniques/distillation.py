"""Distillation (1503.02531; of rankers: 2011.04106): the loss against what a stored teacher predicts for training rows.

``python -m ranker.predict --rows train`` stores a teacher's predictions.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ranker.setting import ConfigError, number, text

if TYPE_CHECKING:
    from torch import Tensor

    from ranker.config import Config
    from ranker.loop import Training
    from ranker.stream import Batch

SETTINGS = {
    "distillation": number(0.0, 0.0, 100.0),  # weight beside the loss
    "teacher": text(),  # a Parquet file with row_id and prediction
    "distillation_temperature": number(1.0, 0.1, 100.0),  # what both sides' logits are divided by
}


def targets(config: "Config", columns: dict[str, np.ndarray], row_id: np.ndarray) -> dict[str, np.ndarray]:
    """The teacher's logit for each training row. Raises ConfigError where it has none."""
    import pyarrow.parquet as pq

    path = Path(config.teacher)
    if not path.is_file():
        raise ConfigError(f"distillation needs teacher=FILE with row_id and prediction; there is no file {path}")
    table = pq.read_table(path, columns=["row_id", "prediction"], use_threads=False)
    known, wanted = (np.asarray(each) for each in (table["row_id"].to_pylist(), row_id))
    if known.dtype.kind != wanted.dtype.kind:
        known, wanted = known.astype(str), wanted.astype(str)
    order = np.argsort(known, kind="stable")
    place = np.minimum(np.searchsorted(known, wanted, sorter=order), len(known) - 1)
    missing = int((known[order[place]] != wanted).sum()) if len(known) else len(wanted)
    if missing:
        raise ConfigError(
            f"teacher={path} lacks {missing} of the training rows; write it with python -m ranker.predict --rows train"
        )
    p = np.clip(table["prediction"].to_numpy()[order[place]], 1e-7, 1.0 - 1e-7)
    return {"teacher": np.log(p / (1.0 - p))}


def loss(training: "Training", index: "Tensor", batch: "Batch", logits: "Tensor") -> "Tensor":
    """``distillation`` times the log loss against the teacher, both softened by the temperature and scaled back by its square."""
    from torch.nn import functional

    config = training.config
    soft = training.data.targets["teacher"][index].unsqueeze(1) / config.distillation_temperature
    said = logits / config.distillation_temperature
    each = functional.binary_cross_entropy_with_logits(said, soft.sigmoid().expand_as(said), reduction="none")
    return config.distillation * config.distillation_temperature**2 * (each.sum(dim=1) * batch[3]).sum()
