"""Explicit interactions: cross layers (DCN-v2, 2008.13535), the FM term (2010), pairwise dot products (DLRM 2019)."""

from typing import Any

import torch
from torch import Tensor, nn


class Cross(nn.Module):
    """``depth`` layers x <- x0 * (W x + b) + x; W of low rank when ``rank`` is given."""

    def __init__(self, width: int, depth: int, rank: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_map(width, rank) for _ in range(depth))

    def forward(self, start: Tensor) -> Tensor:
        x = start
        for layer in self.layers:
            x = torch.addcmul(x, start, layer(x).to(x.dtype))
        return x


def _map(width: int, rank: int) -> nn.Module:
    if not rank or rank >= width:
        return nn.Linear(width, width)
    return nn.Sequential(nn.Linear(width, rank, bias=False), nn.Linear(rank, width))


def factorisation(x: Tensor) -> Tensor:
    """Sum of the dot products of all pairs of fields: (rows, fields, dim) to (rows,)."""
    return _Factorisation.apply(x)  # type: ignore[no-any-return]


class _Factorisation(torch.autograd.Function):
    """Half of (sum squared - sum of squares), whose gradient is sum - x: one pass each way."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        total = x.sum(dim=1)
        ctx.save_for_backward(x, total)
        flat = x.flatten(1)
        return 0.5 * (torch.linalg.vecdot(total, total) - torch.linalg.vecdot(flat, flat))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        x, total = ctx.saved_tensors
        return (total.unsqueeze(1) - x).mul_(gradients[0].view(-1, 1, 1))


def dot_products(x: Tensor) -> Tensor:
    """The dot product of each pair of fields: (rows, fields, dim) to (rows, fields * (fields - 1) / 2)."""
    fields = x.shape[1]
    left, right = torch.triu_indices(fields, fields, offset=1, device=x.device)
    return torch.bmm(x, x.transpose(1, 2))[:, left, right]
