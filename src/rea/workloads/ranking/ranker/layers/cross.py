"""Explicit interactions: cross layers (DCN-v2, 2008.13535), the FM term (2010), pairwise dot products (DLRM 2019)."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class _Layer(torch.autograd.Function):
    """x + start * (W x + b), with the products in type ``kind`` and all else as precise as ``x``."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, start: Tensor, weight: Tensor, bias: Tensor, kind: torch.dtype) -> Tensor:
        given, low = x.to(kind), weight.to(kind)
        mapped = functional.linear(given, low, bias.to(kind))
        ctx.save_for_backward(given, start, low, mapped)
        return torch.addcmul(x, start, mapped)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, None]:
        given, start, low, mapped = ctx.saved_tensors
        gradient = gradients[0]
        by_mapped = (gradient * start).to(low.dtype)
        by_weight, by_bias = (by_mapped.t() @ given).to(start.dtype), by_mapped.sum(dim=0).to(start.dtype)
        return gradient + by_mapped @ low, gradient * mapped, by_weight, by_bias, None


class Cross(nn.Module):
    """``depth`` layers x <- x0 * (W x + b) + x; W of low rank when ``rank`` is given."""

    def __init__(self, width: int, depth: int, rank: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_map(width, rank) for _ in range(depth))

    def forward(self, start: Tensor) -> Tensor:
        x, kind = start, kind_of(start)
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                x = _Layer.apply(x, start, layer.weight, layer.bias, kind)
            else:
                x = torch.addcmul(x, start, layer(x).to(x.dtype))
        return x


def kind_of(x: Tensor) -> torch.dtype:
    """The type that products are to have here: autocast's while it is on, else that of ``x``."""
    device = x.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype


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
