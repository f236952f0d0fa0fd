"""The training loop: deterministic for a seed, stoppable at a step, resumable bit for bit.

Randomness is drawn afresh at each step from (seed, step), and the order of rows from (seed, epoch), so a checkpoint
needs no generator's state.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from ranker import models, techniques
from ranker.config import Config
from ranker.data import Data, Part
from ranker.layers import fused
from ranker.losses import loss_of
from ranker.optimizer import Optimizer, rate_at
from ranker.predict import logits_of
from ranker.stream import Batch, Positions, TrainStream
from ranker.tape import Tape

PRIME = 1_000_003
PLATEAU = 0.1  # what an epoch that is no better makes of the learning rate


class NotFinite(FloatingPointError):
    """The training loss became NaN or infinite."""


@dataclass(slots=True)
class Progress:
    """Where a training stands, beside its tensors."""

    step: int = 0
    best: float = math.inf  # the monitor at its best, lower is better
    waited: int = 0  # epochs since
    stopped: bool = False  # by early stopping
    scale: float = 1.0  # of the learning rate, after plateaus
    loss: float = 0.0  # summed over the steps of this epoch, so that a resumed one reports the same


@dataclass(slots=True)
class Training:
    """A network under training. ``average`` and ``kept`` hold flat weights by group: moving average, best epoch."""

    config: Config
    data: Data
    network: nn.Module
    seed: int
    device: torch.device
    optimizer: Optimizer
    average: dict[str, Tensor] = field(default_factory=dict)
    kept: dict[str, Tensor] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    terms: list[Callable[..., Tensor]] = field(default_factory=list)  # beside the loss, from techniques
    after_gradient: list[Callable[..., None]] = field(default_factory=list)
    tape: Tape | None = None  # of a plain step with a full batch
    precision: torch.autocast = field(init=False)  # of products, while it is entered

    def __post_init__(self) -> None:
        self.precision = torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16")

    @property
    def epoch_steps(self) -> int:
        return -(-len(self.data.train) // self.config.batch_size)

    @property
    def total_steps(self) -> int:
        return self.epoch_steps * self.config.epochs

    @property
    def finished(self) -> bool:
        return self.progress.stopped or self.progress.step >= self.total_steps


def prepare(config: Config, data: Data, network: nn.Module, seed: int, device: torch.device) -> Training:
    """A training at its first step."""
    training = Training(config, data, network.to(device), seed, device, Optimizer(config, network))
    training.terms = models.terms(config) + techniques.hooks("loss", config)  # the model's before another pass is made
    training.after_gradient = techniques.hooks("gradient", config)
    if config.weight_averaging or config.tail_averaging:
        training.average = {name: group.value.clone() for name, group in training.optimizer.groups().items()}
    return training


def run(
    training: Training,
    evaluated: Callable[[Training, float], float],
    say: Callable[[str], None],
    save: Callable[[Training], None] = lambda _: None,
) -> None:
    """Train up to ``stop_at``; ``evaluated(training, train loss)`` is called after each epoch and gives the monitor.

    ``save`` is called every ``checkpoint_every`` steps.

    Raises NotFinite.
    """
    config, progress = training.config, training.progress
    stop = max(1, round(config.stop_at * training.total_steps))
    order, losses, said = None, [], time.monotonic()
    while progress.step < stop and not progress.stopped:
        epoch, place = divmod(progress.step, training.epoch_steps)
        if order is None or place == 0:
            order = _order(training, epoch)
            if config.embedding_reset and epoch and place == 0:
                _seed(training, -epoch)
                training.optimizer.reset_embeddings()
        losses.append(_step(training, order[place * config.batch_size : (place + 1) * config.batch_size]))
        progress.loss += losses[-1]
        if time.monotonic() - said > 1.0:
            said = time.monotonic()
            say(f"step {progress.step}/{training.total_steps} epoch {epoch + 1} loss {np.mean(losses[-100:]):.5f}")
        if progress.step % training.epoch_steps == 0:
            _epoch_ends(training, evaluated(training, progress.loss / training.epoch_steps))
            losses, progress.loss = [], 0.0
        if config.checkpoint_every and progress.step % config.checkpoint_every == 0:
            save(training)


def _order(training: Training, epoch: int) -> Tensor | Positions:
    rows = len(training.data.train)
    if isinstance(training.data.train, TrainStream):
        return training.data.train.positions(epoch)
    if training.config.data_order == "time":
        return torch.arange(rows, device=training.device)
    generator = torch.Generator().manual_seed(training.seed * PRIME + epoch)
    return torch.randperm(rows, generator=generator).to(training.device)


def _step(training: Training, index: Tensor) -> float:
    config, progress, optimizer = training.config, training.progress, training.optimizer
    if not training.network.training:  # which walks over all modules
        training.network.train()
    optimizer.clear()
    total = _gradient(training, index)
    for hook in training.after_gradient:
        hook(training, lambda: _gradient(training, index))
    if not math.isfinite(total):
        raise NotFinite(f"loss is not finite at step {progress.step}")
    rate = rate_at(config, progress.step, training.total_steps) * progress.scale
    progress.step += 1
    optimizer.step(rate, progress.step, training.average, _share(training))
    return total / config.ensemble


def _seed(training: Training, number: int) -> None:
    """Seed all draws on the training's device.

    ``torch.manual_seed`` would also format a stack and queue a call for every kind of accelerator that this machine lacks: up to a tenth of
    a small step, and never freed.
    """
    seed = training.seed * PRIME + number
    torch.default_generator.manual_seed(seed)
    if training.device.type == "cuda":
        torch.cuda.manual_seed_all(seed)


def _gradient(training: Training, index: Tensor) -> float:
    """Add the gradient of a batch, with the draws of this step, and return its loss."""
    _seed(training, training.progress.step)
    total = 0.0
    size = training.config.micro_batch
    act = _by_hand if _plain(training) else _by_autograd
    for part in index.split(size) if size else (index,):
        total += act(training, part, len(index))
    return total


def _by_autograd(training: Training, index: Tensor, rows: int) -> float:
    loss = _loss(training, index) / rows
    loss.backward()
    return loss.item()


def _plain(training: Training) -> bool:
    """Whether log loss is all there is to lower, by one network that is one stretch."""
    config, data = training.config, training.data.train
    if training.terms or config.label_smoothing or config.pairwise_loss or config.ensemble > 1 or config.loss != "bce":
        return False
    return isinstance(data, Part) and data.kernels is not None and training.network.members[0].stretches()


def _by_hand(training: Training, index: Tensor, rows: int) -> float:
    """As ``_by_autograd``, whose bookkeeping took a tenth of a small step."""
    if len(index) != training.config.batch_size:
        return (_stretched(training, rows, index) / rows).item()
    if training.tape is None:
        training.tape = Tape(training.network.members[0].kernels, partial(_stretched, training, rows))
    return (training.tape(index) / rows).item()


def _stretched(training: Training, rows: int, index: Tensor) -> Tensor:
    """Add the gradient of the mean over ``rows`` of a part of a batch, and return its sum of losses."""
    ids, numbers, label, weight = training.data.train.take(index)
    ranker = training.network.members[0]
    with torch.no_grad():
        with training.precision:
            logits, back = ranker.straight(numbers, ids)
        loss, back_loss = fused.log_loss(ranker.kernels, label, weight, logits.unsqueeze(1), 1.0 / rows)
        back(back_loss.squeeze(1))
    return loss


def forward(training: Training, batch: Batch) -> Tensor:
    """The network's logits for a batch in training: (rows, members)."""
    with training.precision:
        logits: Tensor = training.network(batch[0], batch[1])
    return logits.float()


def loss_at(training: Training, batch: Batch, logits: Tensor) -> Tensor:
    """Weighted loss summed over rows and over members, each of which so gets its own gradient."""
    config, (_, _, label, weight) = training.config, batch
    target = label
    if config.label_smoothing:
        target = label + config.label_smoothing * (training.data.base_rate - label)
    return loss_of(config, logits, label, target, weight)


def _loss(training: Training, index: Tensor) -> Tensor:
    batch = training.data.train.take(index)
    logits = forward(training, batch)
    loss = loss_at(training, batch, logits)
    for term in training.terms:
        loss = loss + term(training, index, batch, logits)
    return loss


def _share(training: Training) -> float:
    """Of the new weights in their average: exponential, larger at the start so that the first are forgotten, or alike over the last steps
    (1803.05407)."""
    step, config = training.progress.step, training.config
    if config.tail_averaging:
        return 1.0 / max(1.0, step - (1.0 - config.tail_averaging) * training.total_steps)
    return 1.0 - min(config.weight_averaging, (1.0 + step) / (10.0 + step))


def _epoch_ends(training: Training, monitor: float) -> None:
    progress, config = training.progress, training.config
    if monitor < progress.best:
        progress.best, progress.waited = monitor, 0
        if config.early_stopping:
            source = training.average or {name: group.value for name, group in training.optimizer.groups().items()}
            training.kept = {name: value.clone() for name, value in source.items()}
        return
    progress.waited += 1
    progress.stopped = 0 < config.early_stopping <= progress.waited
    if config.schedule == "plateau":
        progress.scale *= PLATEAU


class Served:
    """While entered, the network holds the weights that serve: those kept, else the average, else its own."""

    def __init__(self, training: Training) -> None:
        kept = training.kept if training.finished else {}
        self.weights = kept or training.average
        self.groups = training.optimizer.groups()
        self.own = {name: self.groups[name].value.clone() for name in self.weights}

    def __enter__(self) -> None:
        self._load(self.weights)

    def __exit__(self, *_: object) -> None:
        self._load(self.own)

    def _load(self, weights: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, value in weights.items():
                self.groups[name].value.copy_(value)


def logits(training: Training, part: Part) -> np.ndarray:
    """Logits of a part under the weights that serve."""
    with Served(training):
        return logits_of(training.network, part, training.data.log_kept)
