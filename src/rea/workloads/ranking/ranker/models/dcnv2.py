"""DCN-v2 (2008.13535): cross layers beside a tower, or below it."""

from torch import Tensor, nn

from ranker.config import Config
from ranker.kernels import Kernels
from ranker.layers import fused
from ranker.layers.cross import Cross
from ranker.layers.head import read
from ranker.layers.tower import last_width, tower


class Model(nn.Module):
    """``interaction_depth`` cross layers, of rank ``interaction_width`` when that is given."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        width = fields * config.embedding_dim
        self.cross = Cross(width, config.interaction_depth, config.interaction_width)
        self.tower = tower(config, width)
        self.stacked = config.structure == "stacked"
        self.out = nn.Linear(last_width(config) + (0 if self.stacked else width), 1)

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        crossed = self.cross(flat)
        parts = (self.tower(crossed),) if self.stacked else (crossed, self.tower(flat))
        return read(self.out, *parts).squeeze(1)

    def straight(self, kernels: Kernels, x: Tensor) -> fused.Stretch:
        """``forward`` as a stretch."""
        (crossed, low), back_cross = fused.crossed(kernels, self.cross, x.flatten(1))
        deep, back_tower = self.tower.straight(kernels, crossed if self.stacked else low)
        out, back_read = fused.read(kernels, self.out, *([deep] if self.stacked else [crossed, deep]))

        def back(gradient: Tensor) -> Tensor:
            *by_crossed, by_deep = back_read(gradient)
            by_given = back_tower(by_deep)
            by_x: Tensor = back_cross(*by_crossed, by_given)  # where stacked there is but what the tower says
            return by_x.view_as(x)

        return out, back
