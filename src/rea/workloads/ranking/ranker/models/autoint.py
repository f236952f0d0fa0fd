"""AutoInt+ (1810.11921): self-attention over the fields beside a tower."""

import itertools

from torch import Tensor, nn

from ranker import kernels
from ranker.config import Config
from ranker.layers import fused
from ranker.layers.attention import FieldAttention
from ranker.layers.tower import last_width, tower


class Model(nn.Module):
    """``interaction_depth`` layers of ``attention_heads`` heads, each ``interaction_width`` wide (0: half the dim)."""

    def __init__(self, config: Config, fields: int) -> None:
        super().__init__()
        dim, heads = config.embedding_dim, config.attention_heads
        each = config.interaction_width or max(1, dim // 2)
        widths = [dim] + [each * heads] * config.interaction_depth
        pairs = itertools.pairwise(widths)
        self.attention = nn.Sequential(*(FieldAttention(before, after // heads, heads) for before, after in pairs))
        self.tower = tower(config, fields * dim)
        self.out = nn.Linear(fields * widths[-1], 1)
        self.kernels = kernels.load(config)
        self.deep = nn.Linear(last_width(config), 1)

    def forward(self, x: Tensor) -> Tensor:
        mixed, x = fused.attended(self.kernels, self.attention, x)
        mixed = mixed.flatten(0, 1)
        return (
            mixed.t() @ self.out.weight[0]
            + self.out.bias
            + fused.read(self.kernels, self.deep, self.tower(x.flatten(1)))
        )
