"""DCN-v2 (2008.13535), parallel: cross layers beside a tower."""

import torch
from torch import Tensor, nn

from ranker.config import Config
from ranker.layers.cross import Cross
from ranker.layers.tower import last_width, tower


class Model(nn.Module):
    """``interaction_depth`` cross layers, of rank ``interaction_width`` when that is given."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        width = fields * config.embedding_dim
        self.cross = Cross(width, config.interaction_depth, config.interaction_width)
        self.tower = tower(config, width)
        self.out = nn.Linear(width + last_width(config), 1)

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        return self.out(torch.cat([self.cross(flat), self.tower(flat)], dim=1)).squeeze(1)
