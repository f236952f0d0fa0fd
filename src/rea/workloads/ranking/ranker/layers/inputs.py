"""Fields as vectors: one fused embedding table for all id fields, one learned direction per number."""

from typing import Any

import torch
from torch import Tensor, nn

from ranker.config import Config
from ranker.layers.dropout import dropout


class _Lookup(torch.autograd.Function):
    """Rows of a table. The gradient is summed by ``index_add_``: a fifth of the time of the built-in one, and in a fixed order."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, rows: Tensor) -> Tensor:
        flat = rows.flatten()
        ctx.save_for_backward(flat)
        ctx.size = len(table)
        return table.index_select(0, flat).view(*rows.shape, table.shape[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (flat,) = ctx.saved_tensors
        by_row = gradients[0].reshape(len(flat), -1)
        if by_row.shape[1] == 1:  # a sum of numbers is much faster than one of rows
            return by_row.new_zeros(ctx.size).index_add_(0, flat, by_row[:, 0]).unsqueeze(1), None
        return by_row.new_zeros(ctx.size, by_row.shape[1]).index_add_(0, flat, by_row), None


class Inputs(nn.Module):
    """(ids, numbers) to (rows, fields + numbers, dim). Id 0 of each field stands for the unknown, its vector starts at 0."""

    offsets: Tensor

    def __init__(self, config: Config, sizes: tuple[int, ...], numbers: int, dim: int) -> None:
        super().__init__()
        starts = torch.tensor((0, *sizes[:-1]) if sizes else (), dtype=torch.int32)
        self.register_buffer("offsets", starts.cumsum(0).to(torch.int32), persistent=False)
        self.table = nn.Parameter(torch.randn(sum(sizes), dim) * config.embedding_std)
        with torch.no_grad():
            self.table[self.offsets.long()] = 0.0
        self.directions = nn.Parameter(torch.randn(numbers, dim) * max(config.embedding_std, 0.01))
        self.id_dropout, self.dropout = config.id_dropout, config.embedding_dropout
        self.norm = nn.LayerNorm(dim) if config.embedding_norm and dim > 1 else nn.Identity()

    def forward(self, ids: Tensor, numbers: Tensor) -> Tensor:
        rows = ids + self.offsets
        if self.training and self.id_dropout:
            rows = torch.where(torch.rand(ids.shape, device=ids.device) < self.id_dropout, self.offsets, rows)
        fields = _Lookup.apply(self.table, rows)
        if numbers.shape[1]:
            fields = torch.cat([fields, numbers.unsqueeze(2) * self.directions], dim=1)
        return dropout(self.norm(fields), self.dropout, self.training)
