"""Deep and cross network (1708.05123): cross layers of one weight vector each, beside a tower."""

import torch
from torch import Tensor, nn

from ranker.config import Config
from ranker.layers.head import read
from ranker.layers.tower import last_width, tower


class Model(nn.Module):
    """``interaction_depth`` layers x <- x0 * (w . x) + b + x."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        width = fields * config.embedding_dim
        self.weights = nn.ModuleList(nn.Linear(width, 1, bias=False) for _ in range(config.interaction_depth))
        self.shifts = nn.ParameterList(torch.zeros(width) for _ in range(config.interaction_depth))
        self.tower = tower(config, width)
        self.out = nn.Linear(width + last_width(config), 1)

    def forward(self, x: Tensor) -> Tensor:
        start = crossed = x.flatten(1)
        for weight, shift in zip(self.weights, self.shifts, strict=True):
            crossed = crossed + shift + start * weight(crossed)
        return read(self.out, crossed, self.tower(start)).squeeze(1)
