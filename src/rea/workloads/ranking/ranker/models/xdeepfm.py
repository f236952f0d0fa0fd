"""xDeepFM (1803.05170): a compressed interaction network beside a tower."""

import torch
from torch import Tensor, nn

from ranker.config import Config
from ranker.layers.tower import last_width, tower

MAPS = 16  # where interaction_width says nothing


class Model(nn.Module):
    """``interaction_depth`` layers of ``interaction_width`` feature maps (0: 16), each a mixture of products with the first fields."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        maps = config.interaction_width or MAPS
        before = [fields] + [maps] * (config.interaction_depth - 1)
        self.layers = nn.ModuleList(nn.Linear(count * fields, maps) for count in before)
        self.pooled = nn.Linear(maps * config.interaction_depth, 1)
        self.tower = tower(config, fields * config.embedding_dim)
        self.out = nn.Linear(last_width(config), 1)

    def forward(self, x: Tensor) -> Tensor:
        first = x.transpose(1, 2)  # (rows, dim, fields)
        maps, sums = first, []
        for layer in self.layers:
            products = (maps.unsqueeze(3) * first.unsqueeze(2)).flatten(2)
            maps = torch.relu(layer(products)).to(x.dtype)
            sums.append(maps.sum(dim=1))
        pooled = self.pooled(torch.cat(sums, dim=1))
        return (pooled + self.out(self.tower(x.flatten(1)))).squeeze(1)
