"""Field-weighted factorisation machine (1806.03514): one weight for every pair of fields."""

import torch
from torch import Tensor, nn

from ranker.config import Config
from ranker.layers.cross import dot_products


class Model(nn.Module):
    """A weighted sum of the dot products of all pairs; at equal weights it is a factorisation machine."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(fields * (fields - 1) // 2))

    def forward(self, x: Tensor) -> Tensor:
        return dot_products(x) @ self.weight.to(x.dtype)
