"""AutoInt+ (1810.11921): self-attention over the fields beside a tower."""

import itertools

from torch import Tensor, nn

from ranker.config import Config
from ranker.kernels import Kernels
from ranker.layers import fused
from ranker.layers.attention import FieldAttention
from ranker.layers.head import read
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
        self.deep = nn.Linear(last_width(config), 1)

    def forward(self, x: Tensor) -> Tensor:
        mixed = self.attention(x.permute(2, 1, 0).contiguous()).flatten(0, 1)
        return mixed.t() @ self.out.weight[0] + self.out.bias + read(self.deep, self.tower(x.flatten(1))).squeeze(1)

    def straight(self, kernels: Kernels, x: Tensor) -> fused.Stretch:
        """``forward`` as a stretch."""
        (mixed, low), back_mixed = fused.attended(kernels, self.attention, x)
        deep, back_tower = self.tower.straight(kernels, low.flatten(1))
        out, back_read = fused.read(kernels, self.deep, deep)
        said, back_said = fused.read_columns(self.out, mixed.flatten(0, 1))

        def back(gradient: Tensor) -> Tensor:
            by_mixed = back_said(gradient).view_as(mixed)
            by_x: Tensor = back_mixed(by_mixed, back_tower(*back_read(gradient)))
            return by_x

        return out.add_(said), back
