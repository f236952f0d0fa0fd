"""Predictions of a trained network, and serving of a checkpoint: ``python -m ranker.predict``."""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ranker.data import Part

CHUNK = 8192


@torch.no_grad()
def logits_of(network: nn.Module, part: Part, log_kept: float) -> np.ndarray:
    """float64 logits in chunks; members are averaged as probabilities, down-sampled negatives put back."""
    network.eval()
    chunks = [torch.sigmoid(network(ids, numbers).double()).mean(dim=1) for ids, numbers in part.chunks(CHUNK)]
    mean = torch.cat(chunks) if chunks else torch.zeros(0, dtype=torch.float64)
    return torch.logit(mean, eps=1e-12).cpu().numpy() + log_kept


def sigmoid(logit: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-logit))."""
    return 1.0 / (1.0 + np.exp(-logit))


def write_predictions(path: Path, row_id: np.ndarray, prediction: np.ndarray) -> None:
    """Write (row_id, prediction) whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    partial = path.with_name(path.name + ".tmp")
    pq.write_table(pa.table({"row_id": row_id, "prediction": prediction.astype(np.float64)}), partial)
    partial.replace(path)


def main(argv: list[str] | None = None) -> int:
    """Predict rows of the view a checkpoint was trained on (its training rows give the vocabularies)."""
    from ranker.calibrate import apply
    from ranker.checkpoint import open_checkpoint

    parser = argparse.ArgumentParser(prog="python -m ranker.predict")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the Parquet file to write")
    parser.add_argument(
        "--rows", choices=("test", "valid", "train"), default="test", help="of which split; train: to teach another"
    )
    given = parser.parse_args(argv)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.set_flush_denormal(True)
    training, line = open_checkpoint(given.checkpoint, given.data)
    from ranker.loop import logits

    part = getattr(training.data, given.rows)
    if not hasattr(part, "row_id"):
        parser.error("--rows train needs a checkpoint of resident rows: one trained with stream_rows=0")
    write_predictions(given.out, part.row_id, sigmoid(apply(line, logits(training, part))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
