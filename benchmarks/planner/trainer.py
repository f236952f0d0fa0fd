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
THIRD, WHOLE = 1, len(SHARES) - 1
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
    """Figures of one training, as far as it went.

    ``curve``: NE on judge rows at each of ``SHARES`` that was reached; ``blocks`` and ``third``: log loss by block of judge rows, over the
    entropy of their base rate, at the last of them and at a third; ``costs``: seconds of one CPU up to each, imports aside; ``seconds``: of the
    whole, estimated where it was not gone, of which ``reading`` before the first step. ``test`` and ``auc`` are of a whole training.
    """

    curve: tuple[float, ...]
    blocks: tuple[float, ...]
    test: float
    auc: float
    seconds: float
    reading: float = 0.0
    failed: str = ""
    costs: tuple[float, ...] = ()
    third: tuple[float, ...] = ()

    def fails(self, rung: int) -> bool:
        """Return whether it broke before it came to ``SHARES[rung]``."""
        return bool(self.failed) and len(self.curve) <= rung

    def answers(self, rung: int) -> bool:
        """Return whether it went as far as ``SHARES[rung]``, or broke before."""
        return bool(self.failed) or len(self.curve) > rung

    def cost(self, rung: int) -> float:
        """Return what training up to ``SHARES[rung]`` costs, in seconds; all that was spent where it broke before."""
        if self.fails(rung):
            return self.seconds
        return self.costs[rung] if self.costs else self.reading + (self.seconds - self.reading) * SHARES[rung]

    def blocks_at(self, rung: int) -> tuple[float, ...]:
        """Return the blocks at a rung; those of a whole training stand in for what was not kept."""
        return self.third if rung == THIRD and self.third else self.blocks

    def after(self, earlier: "Trained | None", pace: float) -> "Trained":
        """Return these figures with seconds times ``pace``; what ``earlier`` was charged for its rungs stays as it is, so that searches replay."""
        kept = earlier.costs if earlier else ()
        costs = (*kept, *(x * pace for x in self.costs[len(kept) :]))
        return replace(self, seconds=self.seconds * pace, reading=self.reading * pace, costs=costs)


def warm() -> None:
    """Import everything once, so that no training pays for it."""
    import torch

    from ranker import memory

    memory.keep()
    torch.set_num_threads(THREADS)
    torch.set_flush_denormal(True)
    import ranker.checkpoint
    import ranker.loop  # noqa: F401


def train(view: Path, labels: Labels, words: Sequence[str], seed: int, rung: int = WHOLE) -> Trained:
    """Train with ``name=value`` words up to ``SHARES[rung]``."""
    return Course(view, labels, words, seed).upto(rung)


class Course:
    """One training on its way, which goes on from where it stands."""

    def __init__(self, view: Path, labels: Labels, words: Sequence[str], seed: int) -> None:
        self._begin = view, words, seed
        self._labels = labels
        self._training: Any = None
        self._probability: Floats = np.zeros(0)
        self._reading = self._training_s = self._predicting_s = 0.0
        self._found = Trained(curve=(), blocks=(), test=0.0, auc=0.0, seconds=0.0)

    def upto(self, rung: int) -> Trained:
        """Go on to ``SHARES[rung]``. A loss that is not finite and a configuration that cannot run are outcomes, not errors."""
        from ranker.config import ConfigError

        begun = time.process_time()
        spent = self._reading + self._training_s + self._predicting_s
        try:
            while not self._found.answers(rung):
                self._go_on(len(self._found.curve))
        except (ConfigError, FloatingPointError, RuntimeError, ValueError, IndexError) as error:
            seconds = spent + time.process_time() - begun
            self._found = replace(self._found, seconds=seconds, failed=f"{type(error).__name__}: {error}"[:200])
        return self._found

    def _go_on(self, rung: int) -> None:
        from ranker.loop import run

        self._start()
        training, labels = self._training, self._labels
        judged = labels.label[labels.judge]
        begun = time.process_time()
        if not training.progress.stopped:
            training.config = replace(training.config, stop_at=SHARES[rung])
            run(training, _monitor, lambda _: None)
        self._training_s += time.process_time() - begun
        begun = time.process_time()
        probability = _predict(training, len(labels.label) if rung == WHOLE else len(judged))
        self._predicting_s += time.process_time() - begun
        blocks = _blocks(labels, probability)
        found = replace(
            self._found,
            curve=(*self._found.curve, _entropy(judged, probability[: len(judged)])),
            blocks=blocks,
            third=blocks if rung == THIRD else self._found.third,
            costs=(*self._found.costs, self._cost(rung)),
            seconds=self._seconds(rung),
            reading=self._reading,
        )
        if rung == WHOLE:
            test = _entropy(labels.label[~labels.judge], probability[~labels.judge])
            self._training = None
            found = replace(found, test=test, auc=_auc(judged, probability[: len(judged)]))
        self._found = found

    def _start(self) -> None:
        from ranker import checkpoint
        from ranker.config import parse

        if self._training is None:
            view, words, seed = self._begin
            begun = time.process_time()
            self._training = checkpoint.start(parse(words), view, seed)
            self._reading = time.process_time() - begun

    def _cost(self, rung: int) -> float:
        """Return reading, the steps so far and their share of all predicting: nobody is charged more for having been looked at early."""
        return self._reading + self._training_s + SHARES[rung] * self._whole_predicting_s(rung)

    def _seconds(self, rung: int) -> float:
        return self._reading + self._training_s / SHARES[rung] + self._whole_predicting_s(rung)

    def _whole_predicting_s(self, rung: int) -> float:
        """Return what predicting takes in a whole training: the judge rows three times, then all."""
        if rung == WHOLE:
            return self._predicting_s
        rows = len(self._labels.label) / int(self._labels.judge.sum())
        return self._predicting_s / (rung + 1) * (WHOLE + rows)


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


def _auc(label: Floats, probability: Floats) -> float:
    from ranker.metrics import auc

    return float(auc(label, probability))


def _blocks(labels: Labels, probability: Floats) -> tuple[float, ...]:
    """Return the mean loss of each block of judge rows, which come first."""
    label = labels.label[labels.judge]
    losses = _losses(label, probability[: len(label)]) / _base(label)
    at = np.arange(len(losses)) % BLOCKS
    return tuple(float(x) for x in np.bincount(at, losses, BLOCKS) / np.bincount(at, minlength=BLOCKS))
