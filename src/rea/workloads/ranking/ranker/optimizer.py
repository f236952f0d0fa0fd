"""Optimizers over flat parameter groups.

``torch.optim`` imports the compiler on its first step (a second and 80 MB, as much as a short training), so the four
rules are written out: Adam (1412.6980), AdamW (1711.05101), Adagrad (2011), SGD with momentum.
"""

import math

import torch
from torch import nn

from ranker.config import Config

BETAS, EPSILON, MOMENTUM = (0.9, 0.999), 1e-8, 0.9


class Group:
    """Parameters laid out in one tensor, which they view; their gradients likewise."""

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        self.value = torch.cat([each.detach().flatten() for each in parameters])
        self.gradient = torch.zeros_like(self.value)
        self.first, self.second = torch.zeros_like(self.value), torch.zeros_like(self.value)
        place = 0
        for each in parameters:
            end = place + each.numel()
            each.data = self.value[place:end].view_as(each)
            each.grad = self.gradient[place:end].view_as(each)
            place = end


class Optimizer:
    """One step at a time over two groups: embeddings and the rest."""

    def __init__(self, config: Config, network: nn.Module) -> None:
        named = list(network.named_parameters())
        is_id = [".table" in name for name, _ in named]
        self.config = config
        self.embeddings = Group([each for (_, each), yes in zip(named, is_id, strict=True) if yes])
        self.dense = Group([each for (_, each), yes in zip(named, is_id, strict=True) if not yes])

    def groups(self) -> dict[str, Group]:
        """By name."""
        return {"embeddings": self.embeddings, "dense": self.dense}

    def clear(self) -> None:
        """Set all gradients to zero."""
        for group in self.groups().values():
            group.gradient.zero_()

    @torch.no_grad()
    def step(self, rate: float, count: int) -> None:
        """Apply the gradients at learning rate ``rate``; ``count`` is the number of this step, from 1."""
        config = self.config
        self._clip()
        if config.embedding_l2:
            self.embeddings.gradient.add_(self.embeddings.value, alpha=config.embedding_l2)
        self._decay(rate)
        rule = {"adam": _adam, "adamw": _adam, "adagrad": _adagrad, "sgd": _sgd}[config.optimizer]
        rule(self.dense, rate, count)
        rule(self.embeddings, rate * config.embedding_rate, count)

    def _clip(self) -> None:
        limit = self.config.gradient_clip
        if not limit:
            return
        norm = math.hypot(*(float(group.gradient.norm()) for group in self.groups().values()))
        if norm > limit:
            for group in self.groups().values():
                group.gradient.mul_(limit / norm)

    def _decay(self, rate: float) -> None:
        decay = self.config.weight_decay
        if decay and self.config.optimizer == "adamw":
            self.dense.value.mul_(1.0 - rate * decay)
        elif decay:
            self.dense.gradient.add_(self.dense.value, alpha=decay)


def _adam(group: Group, rate: float, count: int) -> None:
    first, second = BETAS
    group.first.lerp_(group.gradient, 1.0 - first)
    group.second.mul_(second).addcmul_(group.gradient, group.gradient, value=1.0 - second)
    scale = group.second.sqrt().div_(math.sqrt(1.0 - second**count)).add_(EPSILON)
    group.value.addcdiv_(group.first, scale, value=-rate / (1.0 - first**count))


def _adagrad(group: Group, rate: float, count: int) -> None:
    group.second.addcmul_(group.gradient, group.gradient)
    group.value.addcdiv_(group.gradient, group.second.sqrt().add_(1e-6), value=-rate)


def _sgd(group: Group, rate: float, count: int) -> None:
    group.first.mul_(MOMENTUM).add_(group.gradient)
    group.value.add_(group.first, alpha=-rate)


def rate_at(config: Config, step: int, total: int) -> float:
    """The learning rate of ``step`` (from 0) of the ``total`` steps of the full run."""
    warm = config.warmup * total
    if step < warm:
        return config.learning_rate * (step + 1) / (warm + 1)
    done = (step - warm) / max(total - warm, 1.0)
    if config.schedule == "cosine":
        return config.learning_rate * 0.5 * (1.0 + math.cos(math.pi * done))
    return config.learning_rate * (1.0 - done if config.schedule == "linear" else 1.0)
