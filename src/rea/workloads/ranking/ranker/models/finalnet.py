"""FinalNet (SIGIR 2023): blocks of layers that multiply two linear views of their input, and that learn from what they say together."""

import itertools
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from ranker.config import Config
from ranker.layers.dropout import Dropout
from ranker.layers.tower import activated, last_width, widths

if TYPE_CHECKING:
    from ranker.loop import Training
    from ranker.stream import Batch


class Factorised(nn.Module):
    """Half of the outputs are linear in the input, the others such a half times another; then norm, activation and dropout."""

    def __init__(self, config: Config, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.rest = nn.Sequential(*activated(config, outputs), Dropout(config.dropout))
        self.skip = config.residual and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.linear(x).tensor_split(2, dim=1)  # of an odd width, a is the wider
        y = self.rest(torch.cat([a, a[:, : b.shape[1]] * b], dim=1))
        return x + y if self.skip else y


class FieldGate(nn.Module):
    """(rows, fields, dim) to twice the fields: as they are, and times factors linear in all fields' values of that coordinate."""

    def __init__(self, fields: int) -> None:
        super().__init__()
        self.factors = nn.Linear(fields, fields)
        nn.init.zeros_(self.factors.weight)
        nn.init.ones_(self.factors.bias)

    def forward(self, x: Tensor) -> Tensor:
        factors = self.factors(x.transpose(1, 2)).transpose(1, 2)
        return torch.cat([x, x * factors], dim=1)


class Model(nn.Module):
    """The mean of ``interaction_depth`` blocks of ``tower_depth`` layers; the first of several reads the gated fields too.

    ``apart`` is what each block's logit of the last rows is above their mean: (rows, blocks).
    """

    apart: Tensor

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        blocks, width = config.interaction_depth, fields * config.embedding_dim
        self.gate = FieldGate(fields) if blocks > 1 else None
        self.blocks = nn.ModuleList(
            _block(config, 2 * width if self.gate is not None and not each else width) for each in range(blocks)
        )

    def forward(self, x: Tensor) -> Tensor:
        gated = x if self.gate is None else self.gate(x)
        each = [block((x if place else gated).flatten(1)) for place, block in enumerate(self.blocks)]
        said = torch.cat(each, dim=1).float()
        mean = said.mean(dim=1, keepdim=True)
        self.apart = said - mean
        return mean.squeeze(1)


def _block(config: Config, inputs: int) -> nn.Sequential:
    layers = (Factorised(config, *pair) for pair in itertools.pairwise([inputs, *widths(config)]))
    return nn.Sequential(*layers, nn.Linear(last_width(config), 1))


def loss(training: "Training", index: Tensor, batch: "Batch", logits: Tensor) -> Tensor:
    """Each block's log loss against what all say together, a sum over the rows of a batch (the paper's self-distillation)."""
    total = logits.new_zeros(())
    for place, member in enumerate(training.network.members):  # type: ignore[arg-type]
        together = logits[:, place : place + 1]
        target = together.detach().sigmoid()
        for model in member.modules():
            if isinstance(model, Model) and len(model.blocks) > 1:
                said = together + model.apart
                each = functional.binary_cross_entropy_with_logits(said, target.expand_as(said), reduction="none")
                total = total + (each.sum(dim=1) * batch[3]).sum()
    return total
