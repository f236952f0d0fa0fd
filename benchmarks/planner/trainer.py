"""One real, short training of the built-in ranker in this process, scored at four points of its way. Needs torch and the ranker on the path.

A run that is stopped at a share of its steps predicts what the whole run would have predicted there, so one training answers for every
cheaper fidelity of itself.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHARES = (1 / 9, 1 / 3, 2 / 3, 1.0)  # of the optimizer steps: the rungs of everyone who stops early
TENSORS = ("ids", "numbers", "label", "weight")
BLOCKS = 16  # of judge rows, so that the noise of rows can be told later without the predictions
THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What no training is shown: labels of judge and test rows by row id, and whether a row is a judge row."""

    row_id: NDArray[np.int64]
    label: Floats
    judge: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """Figures of one training. ``curve``: NE on judge rows at each of ``SHARES``; ``blocks``: log loss by block of judge rows, over the
    entropy of their base rate, at the end; ``seconds``: of one CPU, imports aside, of which ``reading`` before the first step."""

    curve: tuple[float, ...]
    blocks: tuple[float, ...]
    test: float
    auc: float
    seconds: float
    reading: float = 0.0
    failed: str = ""

    def cost(self, share: float) -> float:
        """Return what running ``share`` of the steps costs, in seconds."""
        return self.reading + (self.seconds - self.reading) * share


def warm() -> None:
    """Import everything once, so that no training pays for it."""
    import torch

    from ranker import memory

    memory.keep()
    torch.set_num_threads(THREADS)
    torch.set_flush_denormal(True)
    import ranker.checkpoint
    import ranker.loop  # noqa: F401


def train(view: Path, labels: Labels, words: Sequence[str], seed: int) -> Trained:
    """Train with ``name=value`` words. A loss that is not finite and a configuration that cannot run are outcomes, not errors."""
    from ranker.config import ConfigError

    begun = time.process_time()
    try:
        return _train(view, labels, words, seed, begun)
    except (ConfigError, FloatingPointError, RuntimeError, ValueError, IndexError) as error:
        spent = time.process_time() - begun
        return Trained(
            curve=(), blocks=(), test=0.0, auc=0.0, seconds=spent, failed=f"{type(error).__name__}: {error}"[:200]
        )


def _train(view: Path, labels: Labels, words: Sequence[str], seed: int, begun: float) -> Trained:
    from ranker import checkpoint
    from ranker.config import parse
    from ranker.loop import run
    from ranker.metrics import auc

    config = parse(words)
    training = checkpoint.start(config, view, seed)
    reading = time.process_time() - begun
    curve: list[float] = []
    judged, probability = labels.label[labels.judge], np.zeros(0)
    for share in SHARES:
        if not training.progress.stopped:
            training.config = replace(config, stop_at=share)
            run(training, _monitor, lambda _: None)
        probability = _predict(training, len(judged) if share < 1 else len(labels.label))
        curve.append(_entropy(judged, probability[: len(judged)]))
    spent = time.process_time() - begun
    return Trained(
        curve=tuple(curve),
        blocks=_blocks(labels, probability),
        test=_entropy(labels.label[~labels.judge], probability[~labels.judge]),
        auc=auc(labels.label[labels.judge], probability[labels.judge]),
        seconds=spent,
        reading=reading,
    )


def _monitor(training: Any, train_loss: float) -> float:
    from ranker.loop import logits
    from ranker.metrics import summary
    from ranker.predict import sigmoid

    config, valid = training.config, training.data.valid
    if not (config.early_stopping or config.schedule == "plateau"):
        return train_loss
    claims = summary(valid.label.numpy().astype(float), sigmoid(logits(training, valid)))
    return float(claims["ne"] if config.monitor == "ne" else -claims["auc"])


def _predict(training: Any, rows: int) -> Floats:
    """Return probabilities of the first ``rows`` sealed rows; judge rows come first."""
    import torch

    from ranker import calibrate
    from ranker.loop import logits
    from ranker.predict import sigmoid

    data, kind, line = training.data, training.config.calibration, calibrate.IDENTITY
    if kind != "none":
        line = calibrate.fit(kind, logits(training, data.valid), data.valid.label.numpy().astype(float))
    part = data.test
    if rows < len(part):
        place = torch.arange(rows)
        part = replace(part, row_id=part.row_id[:rows], **dict(zip(TENSORS, part.take(place), strict=True)))
    return np.asarray(sigmoid(calibrate.apply(line, logits(training, part))), dtype=np.float64)


def _losses(label: Floats, probability: Floats) -> Floats:
    p = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.asarray(-(label * np.log(p) + (1 - label) * np.log1p(-p)))


def _base(label: Floats) -> float:
    rate = float(label.mean())
    return float(-(rate * np.log(rate) + (1 - rate) * np.log(1 - rate)))


def _entropy(label: Floats, probability: Floats) -> float:
    return float(_losses(label, probability).mean()) / _base(label)


def _blocks(labels: Labels, probability: Floats) -> tuple[float, ...]:
    label = labels.label[labels.judge]
    losses = _losses(label, probability[labels.judge]) / _base(label)
    at = np.arange(len(losses)) % BLOCKS
    return tuple(float(x) for x in np.bincount(at, losses, BLOCKS) / np.bincount(at, minlength=BLOCKS))
