"""Gated cross network (2311.04635): every cross layer passes through a gate of its own; a tower beside it."""

import torch
from torch import Tensor, nn

from ranker.config import Config
from ranker.layers.head import read
from ranker.layers.tower import last_width, tower


class Model(nn.Module):
    """``interaction_depth`` layers x <- x0 * (W x + b) * sigmoid(G x) + x."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        self.width = width = fields * config.embedding_dim
        self.layers = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(config.interaction_depth))
        self.tower = tower(config, width)
        self.out = nn.Linear(width + last_width(config), 1)

    def forward(self, x: Tensor) -> Tensor:
        start = crossed = x.flatten(1)
        for layer in self.layers:
            value, gate = layer(crossed).to(x.dtype).split(self.width, dim=1)
            crossed = torch.addcmul(crossed, start, value * torch.sigmoid(gate))
        return read(self.out, crossed, self.tower(start)).squeeze(1)
