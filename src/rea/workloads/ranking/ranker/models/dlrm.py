"""DLRM (1906.00091): dot products of all pairs of fields, read by the top tower with the fields themselves."""

import torch
from torch import Tensor, nn

from ranker.config import Config
from ranker.layers.cross import dot_products
from ranker.layers.tower import last_width, tower


class Model(nn.Module):
    """One tower over pairs and fields."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        self.tower = tower(config, fields * (fields - 1) // 2 + fields * config.embedding_dim)
        self.out = nn.Linear(last_width(config), 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.tower(torch.cat([dot_products(x), x.flatten(1)], dim=1))).squeeze(1)
