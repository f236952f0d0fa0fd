"""Optimizers over flat parameter groups.

``torch.optim`` imports the compiler on its first step (a second and 80 MB, as much as a short training), so the rules are written out:
Adam (1412.6980), AdamW (1711.05101), Adagrad (2011), SGD with momentum; for tables that touch only the rows of a batch: Adam on those
rows, and Adagrad with one number a row (2104.05158).
"""

import math

import torch
from torch import Tensor, nn

from ranker import kernels
from ranker.config import Config
from ranker.layers.inputs import Inputs

FUSED = hasattr(torch, "_fused_adam_")  # what torch.optim.Adam(fused=True) calls
BETAS, EPSILON, MOMENTUM = (0.9, 0.999), 1e-8, 0.9
LEAST_CLIP = 1e-5  # of CowClip: what a row near zero may move at least


class Group:
    """Parameters laid out in one tensor, which they view; their gradients likewise."""

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        self.value = torch.cat([each.detach().flatten() for each in parameters])
        self.gradient = torch.zeros_like(self.value)
        self.first, self.second = torch.zeros_like(self.value), torch.zeros_like(self.value)
        self.place = {}
        begin = 0
        for each in parameters:
            end = begin + each.numel()
            each.data = self.value[begin:end].view_as(each)
            each.grad = self.gradient[begin:end].view_as(each)
            self.place[id(each)] = (begin, end)
            begin = end

    def states(self, parameter: nn.Parameter) -> tuple[Tensor, Tensor]:
        """The two moments of one parameter, in its shape."""
        begin, end = self.place[id(parameter)]
        return self.first[begin:end].view_as(parameter), self.second[begin:end].view_as(parameter)


class Optimizer:
    """One step at a time over two groups: embeddings and the rest."""

    def __init__(self, config: Config, network: nn.Module) -> None:
        named = list(network.named_parameters())
        is_id = [".table" in name for name, _ in named]
        self.config = config
        self.embeddings = Group([each for (_, each), yes in zip(named, is_id, strict=True) if yes])
        self.dense = Group([each for (_, each), yes in zip(named, is_id, strict=True) if not yes])
        self.inputs = [each for each in network.modules() if isinstance(each, Inputs)]
        on_cpu = self.dense.value.device.type == "cpu"
        self.kernels = kernels.load(config) if on_cpu and config.optimizer in ("adam", "adamw") else None
        self.by_row = config.embedding_optimizer != "same" and not config.compositional
        if self.by_row or (config.embedding_clip and not config.compositional):
            for each in self.inputs:
                each.seen = []

    def groups(self) -> dict[str, Group]:
        """By name."""
        return {"embeddings": self.embeddings, "dense": self.dense}

    def clear(self) -> None:
        """Set all gradients to zero; those of rows were, after their step."""
        self.dense.gradient.zero_()
        if not self.by_row:
            self.embeddings.gradient.zero_()

    @torch.no_grad()
    def step(self, rate: float, count: int, average: dict[str, Tensor], share: float) -> None:
        """Apply the gradients at learning rate ``rate``; ``count`` is the number of this step, from 1. The averages, by group, that there
        are go towards the new weights by ``share``."""
        config = self.config
        seen = [_distinct(each) for each in self.inputs] if self.inputs[0].seen is not None else []
        self._clip(seen)
        self._decay(rate)
        self._group_step(self.dense, rate, count, 0.0, average.get("dense"), share)
        if not self.by_row:
            rate *= config.embedding_rate
            self._group_step(self.embeddings, rate, count, config.embedding_l2, average.get("embeddings"), share)
            return
        for each, (rows, _) in zip(self.inputs, seen, strict=True):
            self._rows_step(each.table, rows, rate * config.embedding_rate, count)
        if average:
            average["embeddings"].lerp_(self.embeddings.value, share)

    def _group_step(
        self, group: Group, rate: float, count: int, l2: float, average: Tensor | None, share: float
    ) -> None:
        if self.kernels is not None:
            pointers = [each.data_ptr() for each in (group.value, group.gradient, group.first, group.second)]
            rate, correct = rate / (1.0 - BETAS[0] ** count), 1.0 / math.sqrt(1.0 - BETAS[1] ** count)
            averaged = None if average is None else average.data_ptr()
            self.kernels.adam(*pointers, group.value.numel(), rate, correct, l2, averaged, share)
            return
        if l2:
            group.gradient.add_(group.value, alpha=l2)
        rule = {"adam": _adam, "adamw": _adam, "adagrad": _adagrad, "sgd": _sgd}[self.config.optimizer]
        rule(group, rate, count)
        if average is not None:
            average.lerp_(group.value, share)

    def reset_embeddings(self) -> None:
        """Start all tables afresh, with their moments."""
        for each in self.inputs:
            each.reset()
        self.embeddings.first.zero_()
        self.embeddings.second.zero_()

    def _clip(self, seen: list[tuple[Tensor, Tensor]]) -> None:
        if self.config.embedding_clip:
            for each, (rows, counts) in zip(self.inputs, seen, strict=False):
                _cow_clip(each.table, rows, counts, self.config.embedding_clip)
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

    def _rows_step(self, table: nn.Parameter, rows: Tensor, rate: float, count: int) -> None:
        """Step on the rows of this batch alone, L2 on them included (1706.06978), and clear their gradients."""
        assert table.grad is not None
        value, gradient = table[rows], table.grad[rows]
        if self.config.embedding_l2:
            gradient.add_(value, alpha=self.config.embedding_l2)
        first, second = self.embeddings.states(table)
        if self.config.embedding_optimizer == "rowwise_adagrad":
            second[rows, 0] += gradient.square().mean(dim=1)
            scale = second[rows, 0].sqrt().add_(1e-6).unsqueeze(1)
            table[rows] = value.addcdiv_(gradient, scale, value=-rate)
        else:
            moment = first[rows].lerp_(gradient, 1.0 - BETAS[0])
            square = second[rows].mul_(BETAS[1]).addcmul_(gradient, gradient, value=1.0 - BETAS[1])
            first[rows], second[rows] = moment, square
            scale = square.sqrt().div_(math.sqrt(1.0 - BETAS[1] ** count)).add_(EPSILON)
            table[rows] = value.addcdiv_(moment, scale, value=-rate / (1.0 - BETAS[0] ** count))
        table.grad[rows] = 0.0


def _distinct(inputs: Inputs) -> tuple[Tensor, Tensor]:
    """The rows that a batch looked up, and how often each."""
    assert inputs.seen is not None
    rows, counts = torch.unique(torch.cat(inputs.seen), return_counts=True)
    inputs.seen.clear()
    return rows.long(), counts


def _cow_clip(table: nn.Parameter, rows: Tensor, counts: Tensor, share: float) -> None:
    """Clip each row's gradient at ``share`` of the row's norm for every time it was looked up (2204.06240)."""
    assert table.grad is not None
    gradient = table.grad[rows]
    most = (share * table[rows].norm(dim=1)).clamp_min_(LEAST_CLIP) * counts
    table.grad[rows] = gradient * (most / gradient.norm(dim=1).clamp_min_(1e-30)).clamp_max_(1.0).unsqueeze(1)


def _adam(group: Group, rate: float, count: int) -> None:
    first, second = BETAS
    if FUSED:  # the same rule in one pass
        moments = ([group.value], [group.gradient], [group.first], [group.second], [])
        torch._fused_adam_(
            *moments,
            [torch.tensor(float(count))],
            lr=rate,
            beta1=first,
            beta2=second,
            weight_decay=0.0,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
        )
        return
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
    """The learning rate of ``step`` (from 0) of the ``total`` steps of the full run; what a plateau took off it aside."""
    warm = config.warmup * total
    if step < warm:
        return config.learning_rate * (step + 1) / (warm + 1)
    done = (step - warm) / max(total - warm, 1.0)
    if config.schedule == "cosine":
        return config.learning_rate * 0.5 * (1.0 + math.cos(math.pi * done))
    return config.learning_rate * (1.0 - done if config.schedule == "linear" else 1.0)
