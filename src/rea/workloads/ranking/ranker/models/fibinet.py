"""FiBiNET (1905.09433): bilinear products of the fields as they are and as weighed by a gate, read by a tower."""

import torch
from torch import Tensor, nn

from ranker.config import Config
from ranker.layers.gate import FieldGate
from ranker.layers.tower import last_width, tower


class Model(nn.Module):
    """One bilinear map for all pairs of fields."""

    left: Tensor
    right: Tensor

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        dim = config.embedding_dim
        self.gate = FieldGate(fields, dim)
        self.map = nn.Linear(dim, dim, bias=False)
        pairs = torch.triu_indices(fields, fields, offset=1)
        self.register_buffer("left", pairs[0], persistent=False)
        self.register_buffer("right", pairs[1], persistent=False)
        self.tower = tower(config, 2 * pairs.shape[1] * dim)
        self.out = nn.Linear(last_width(config), 1)

    def forward(self, x: Tensor) -> Tensor:
        sides = [self._products(x), self._products(self.gate(x).to(x.dtype))]
        return self.out(self.tower(torch.cat(sides, dim=1))).squeeze(1)

    def _products(self, x: Tensor) -> Tensor:
        mapped = self.map(x).to(x.dtype)
        return (mapped.index_select(1, self.left) * x.index_select(1, self.right)).flatten(1)
