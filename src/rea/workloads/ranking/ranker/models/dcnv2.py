"""DCN-v2 (2008.13535): cross layers beside a tower, or below it."""

from torch import Tensor, nn

from ranker import kernels
from ranker.config import Config
from ranker.layers import fused
from ranker.layers.cross import Cross
from ranker.layers.tower import last_width, tower


class Model(nn.Module):
    """``interaction_depth`` cross layers, of rank ``interaction_width`` when that is given."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        width = fields * config.embedding_dim
        self.cross = Cross(width, config.interaction_depth, config.interaction_width)
        self.tower = tower(config, width)
        self.kernels = kernels.load(config)
        self.stacked = config.structure == "stacked"
        self.out = nn.Linear(last_width(config) + (0 if self.stacked else width), 1)

    def forward(self, x: Tensor) -> Tensor:
        crossed, flat = fused.crossed(self.kernels, self.cross, x.flatten(1))
        parts = (self.tower(crossed),) if self.stacked else (crossed, self.tower(flat))
        return fused.read(self.kernels, self.out, *parts)
