"""MaskNet (2102.07619), parallel: blocks that multiply the fields by a mask made from the same row."""

import torch
from torch import Tensor, nn

from ranker.config import Config
from ranker.layers.tower import last_width, tower


class Block(nn.Module):
    """Layer norm of the fields, times a mask, through one hidden layer."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mask = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))
        self.hidden = nn.Sequential(nn.Linear(width, hidden), nn.LayerNorm(hidden), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.hidden(self.norm(x) * self.mask(x))


class Model(nn.Module):
    """``interaction_depth`` blocks side by side, ``interaction_width`` wide (0: the tower's width), then a tower."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        width, hidden = fields * config.embedding_dim, config.interaction_width or config.tower_width
        self.blocks = nn.ModuleList(Block(width, hidden) for _ in range(config.interaction_depth))
        self.tower = tower(config, hidden * config.interaction_depth)
        self.out = nn.Linear(last_width(config), 1)

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        return self.out(self.tower(torch.cat([block(flat) for block in self.blocks], dim=1))).squeeze(1)
