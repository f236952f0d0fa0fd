"""Field-matrixed factorisation machine (2102.12994): a matrix for every pair of fields."""

import torch
from torch import Tensor, nn

from ranker.config import Config


class Model(nn.Module):
    """Sum over pairs of (x_i M_ij) . x_j; at identity matrices, where it starts, it is a factorisation machine."""

    left: Tensor
    right: Tensor

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        pairs = torch.triu_indices(fields, fields, offset=1)
        self.register_buffer("left", pairs[0], persistent=False)
        self.register_buffer("right", pairs[1], persistent=False)
        self.matrices = nn.Parameter(torch.eye(config.embedding_dim).repeat(pairs.shape[1], 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        sides = (x.index_select(1, each).transpose(0, 1) for each in (self.left, self.right))  # pairs first
        first, second = sides
        mapped = torch.bmm(first, self.matrices).to(x.dtype)
        return (mapped * second).sum(dim=(0, 2))
