"""DeepFM (1703.04247): the factorisation term beside a tower on the same embeddings."""

from torch import Tensor, nn

from ranker import kernels
from ranker.config import Config
from ranker.layers import fused
from ranker.layers.tower import last_width, tower


class Model(nn.Module):
    """All pairs of fields, and a tower."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        self.tower = tower(config, fields * config.embedding_dim)
        self.out = nn.Linear(last_width(config), 1)
        self.kernels = kernels.load(config)

    def forward(self, x: Tensor) -> Tensor:
        pairs, x = fused.factorisation(self.kernels, x)
        return pairs + fused.read(self.kernels, self.out, self.tower(x.flatten(1)))
