"""Wukong (2403.02545): stacked blocks, each a factorisation machine beside a linear compression of the fields."""

import torch
from torch import Tensor, nn

from ranker.config import Config
from ranker.layers.tower import last_width, tower

RANK = 8  # where interaction_width says nothing


class Block(nn.Module):
    """(rows, fields, dim) to the same shape: half the fields from products, half compressed, with a skip and layer norm."""

    def __init__(self, fields: int, dim: int, rank: int) -> None:
        super().__init__()
        self.made = fields - fields // 2
        self.down = nn.Linear(fields, rank, bias=False)
        self.norm = nn.LayerNorm(fields * rank)
        self.up = nn.Sequential(nn.Linear(fields * rank, 2 * fields), nn.ReLU(), nn.Linear(2 * fields, self.made * dim))
        self.compress = nn.Linear(fields, fields // 2, bias=False)
        self.out = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        turned = x.transpose(1, 2)
        products = torch.bmm(x, self.down(turned).to(x.dtype)).flatten(1)
        made = self.up(self.norm(products)).view(len(x), self.made, -1)
        kept = self.compress(turned).transpose(1, 2)
        return self.out(torch.cat([made.to(x.dtype), kept.to(x.dtype)], dim=1) + x)


class Model(nn.Module):
    """``interaction_depth`` blocks of rank ``interaction_width`` (0: 8), then a tower."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        dim, rank = config.embedding_dim, config.interaction_width or RANK
        self.blocks = nn.Sequential(*(Block(fields, dim, rank) for _ in range(config.interaction_depth)))
        self.tower = tower(config, fields * dim)
        self.out = nn.Linear(last_width(config), 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.tower(self.blocks(x).flatten(1))).squeeze(1)
