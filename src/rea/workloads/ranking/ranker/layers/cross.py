"""Explicit interactions: cross layers (DCN-v2, 2008.13535), the FM term (2010), pairwise dot products (DLRM 2019)."""

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
            x = torch.addcmul(x, start, layer(x))
        return x


def _map(width: int, rank: int) -> nn.Module:
    if not rank or rank >= width:
        return nn.Linear(width, width)
    return nn.Sequential(nn.Linear(width, rank, bias=False), nn.Linear(rank, width))


def factorisation(x: Tensor) -> Tensor:
    """Sum of the dot products of all pairs of fields: (rows, fields, dim) to (rows,)."""
    return 0.5 * (x.sum(dim=1).square() - x.square().sum(dim=1)).sum(dim=1)


def dot_products(x: Tensor) -> Tensor:
    """The dot product of each pair of fields: (rows, fields, dim) to (rows, fields * (fields - 1) / 2)."""
    fields = x.shape[1]
    left, right = torch.triu_indices(fields, fields, offset=1, device=x.device)
    return torch.bmm(x, x.transpose(1, 2))[:, left, right]
