"""Product-based network with inner products (1611.00144): a tower whose first layer reads the fields and their products."""

import torch
from torch import Tensor, nn

from ranker.config import Config
from ranker.layers.tower import last_width, tower


class Model(nn.Module):
    """``interaction_width`` inner products (0: the tower's width) beside the fields.

    The weights that one unit gives to all pairs of fields are the outer product of ``fields`` numbers, as in the paper, so that the unit is
    the squared length of a weighted sum of the fields. (All pairs with weights of their own are what ``dlrm`` reads.)
    """

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        units = config.interaction_width or config.tower_width
        self.share = nn.Parameter(torch.randn(units, fields) / fields**0.5)
        self.tower = tower(config, fields * config.embedding_dim + units)
        self.out = nn.Linear(last_width(config), 1)

    def forward(self, x: Tensor) -> Tensor:
        summed = torch.matmul(self.share, x).to(x.dtype)
        products = torch.linalg.vecdot(summed, summed)
        return self.out(self.tower(torch.cat([x.flatten(1), products], dim=1))).squeeze(1)
