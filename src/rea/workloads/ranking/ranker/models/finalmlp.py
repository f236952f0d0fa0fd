"""FinalMLP (2304.00902): two towers, each on its own gated view of the fields, fused by a multi-head bilinear form."""

import torch
from torch import Tensor, nn

from ranker.config import Config
from ranker.layers.tower import last_width, tower


class Model(nn.Module):
    """``attention_heads`` blocks of the bilinear fusion (as many of them as divide the tower's width)."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        width = fields * config.embedding_dim
        self.gates = nn.ParameterList(torch.zeros(width) for _ in range(2))
        self.towers = nn.ModuleList(tower(config, width) for _ in range(2))
        self.linear = nn.ModuleList(nn.Linear(last_width(config), 1) for _ in range(2))
        self.heads = _divisor(last_width(config), config.attention_heads)
        size = last_width(config) // self.heads
        self.bilinear = nn.Parameter(torch.randn(self.heads, size, size) / size)

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        left, right = (
            tower(flat * 2.0 * torch.sigmoid(gate)) for tower, gate in zip(self.towers, self.gates, strict=True)
        )
        a, b = (side.view(len(flat), self.heads, -1) for side in (left, right))
        fused = torch.einsum("bhi,hij,bhj->b", a, self.bilinear, b)
        return fused + (self.linear[0](left) + self.linear[1](right)).squeeze(1)


def _divisor(width: int, wanted: int) -> int:
    return next(heads for heads in range(min(wanted, width), 0, -1) if width % heads == 0)
