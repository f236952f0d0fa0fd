"""One file a model. A model is a class ``Model(config, fields)`` that maps (rows, fields, dim) to (rows,) logits.

Beside it, the file may have a function ``loss(training, index, batch, logits)``, a term of the model's own as those of ``techniques``.
"""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType

import torch
from torch import Tensor, nn

from ranker import kernels
from ranker.config import Config
from ranker.layers import fused
from ranker.layers.gate import gate
from ranker.layers.inputs import Inputs


def model_of(config: Config, fields: int) -> nn.Module:
    """A fresh model of the folder."""
    model: nn.Module = _file(config).Model(config, fields)
    return model


def terms(config: Config) -> list[Callable[..., Tensor]]:
    """What the model adds to the loss."""
    file = _file(config)
    return [file.loss] if hasattr(file, "loss") else []


def _file(config: Config) -> ModuleType:
    return import_module(f"ranker.models.{config.model}")


class Ranker(nn.Module):
    """Inputs, gate, a model of the folder, a first-order term, and a bias that starts at the base rate."""

    def __init__(self, config: Config, sizes: tuple[int, ...], numbers: int, base_rate: float, item: int = 0) -> None:
        super().__init__()
        fields, dim = len(sizes) + numbers + (config.history > 0), config.embedding_dim
        self.inputs = Inputs(config, sizes, numbers, dim, item)
        self.fields = fields
        self.gate = gate(config.gating, fields, dim)
        self.model = model_of(config, fields)
        self.linear = Inputs(config, sizes, numbers, 1) if config.first_order else None
        rate = min(max(base_rate, 1e-6), 1.0 - 1e-6)
        self.bias = nn.Parameter(torch.logit(torch.tensor(rate)))
        self.kernels = kernels.load(config)

    def forward(self, ids: Tensor, numbers: Tensor) -> Tensor:
        if hasattr(self.model, "straight") and fused.usable(self.kernels, self, self.bias):
            return fused.through(partial(self.straight, numbers), ids, self.bias)
        logit = self.bias + self.model(self.gate(self.inputs(ids, numbers)))
        return logit if self.linear is None else logit + self.linear.summed(ids, numbers)

    def stretches(self) -> bool:
        """Whether there is a ``straight`` here and now, in the precision of ``config``."""
        return hasattr(self.model, "straight") and fused.ready(self.kernels, self, self.bias)

    def straight(self, numbers: Tensor, ids: Tensor) -> fused.Stretch:
        """``forward`` as a stretch."""
        x, back_inputs = self.inputs.straight(ids, numbers)
        gated = not isinstance(self.gate, nn.Identity)
        x, back_gate = fused.plain(lambda x: self.gate(x).float(), x) if gated else (x, lambda gradient: gradient)
        logit, back_model = self.model.straight(self.kernels, x)
        parts, back_first = [self.bias], None
        if self.linear:
            first, back_first = self.linear.straight(ids, numbers, summed=True)
            parts = [first, self.bias]

        def back(gradient: Tensor) -> None:
            fused.add_sum(self.kernels, gradient, self.bias)
            if back_first:
                back_first(gradient)
            back_inputs(back_gate(back_model(gradient)))

        return fused.summed(self.kernels, logit, *parts), back


class Ensemble(nn.Module):
    """Independent rankers trained on the same batches: (ids, numbers) to (rows, members)."""

    def __init__(self, config: Config, sizes: tuple[int, ...], numbers: int, base_rate: float, item: int = 0) -> None:
        super().__init__()
        self.serve_one = config.serve_one
        self.members = nn.ModuleList(Ranker(config, sizes, numbers, base_rate, item) for _ in range(config.ensemble))

    def forward(self, ids: Tensor, numbers: Tensor) -> Tensor:
        serving = self.members[:1] if self.serve_one and not self.training else self.members
        if len(serving) == 1:
            return serving[0](ids, numbers).unsqueeze(1)
        return torch.stack([member(ids, numbers) for member in serving], dim=1)
