"""DeepFM (1703.04247): the factorisation term beside a tower on the same embeddings."""

from torch import Tensor, nn

from ranker.config import Config
from ranker.kernels import Kernels
from ranker.layers import fused
from ranker.layers.cross import factorisation
from ranker.layers.head import read
from ranker.layers.tower import last_width, tower


class Model(nn.Module):
    """All pairs of fields, and a tower."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        self.tower = tower(config, fields * config.embedding_dim)
        self.out = nn.Linear(last_width(config), 1)

    def forward(self, x: Tensor) -> Tensor:
        return factorisation(x) + read(self.out, self.tower(x.flatten(1))).squeeze(1)

    def straight(self, kernels: Kernels, x: Tensor) -> fused.Stretch:
        """``forward`` as a stretch."""
        (pairs, low), back_pairs = fused.factorisation(kernels, x)
        deep, back_tower = self.tower.straight(kernels, low.flatten(1))
        out, back_read = fused.read(kernels, self.out, deep)
        return fused.summed(kernels, out, pairs), lambda gradient: back_pairs(
            gradient, back_tower(*back_read(gradient))
        )
