"""Rows through the kernels of ``kernels=fused``: those of a batch, and those of embedding tables with their gradient."""

import math

import torch
from torch import Tensor, nn

from ranker.kernels import Kernels
from ranker.layers.fused import Stretch


def take(kernels: Kernels, source: Tensor, index: Tensor) -> Tensor:
    """``source[index]`` of rows of numbers of four bytes. Raises IndexError."""
    (height, *shape), count = source.shape, index.shape[0]
    out, width = source.new_empty(count, *shape), math.prod(shape)
    given = (source.data_ptr(), index.contiguous().data_ptr(), count, height, width, out.data_ptr())
    if width and kernels.take(*given):
        raise IndexError(f"an index beyond {height} rows")
    return out


def lookup(
    kernels: Kernels,
    table: nn.Parameter,
    offsets: Tensor,
    seen: list[Tensor] | None,
    ids: Tensor,
    *,
    summed: bool = False,
) -> Stretch:
    """The rows ``ids + offsets`` of a table, or their sums over fields where it has one column; ``offsets`` has one for each field, or one.

    Raises IndexError.
    """
    ids, offsets = ids.to(torch.int32).contiguous(), offsets.expand(ids.shape[1]).contiguous()
    gather, scatter = (kernels.gather_sum, kernels.scatter_sum) if summed else (kernels.gather, kernels.scatter)
    out = table.new_empty(ids.shape[0]) if summed else table.new_empty(*ids.shape, table.shape[1])
    places = (ids.data_ptr(), offsets.data_ptr(), *ids.shape, *table.shape)
    if gather(table.data_ptr(), *places, out.data_ptr()):
        raise IndexError(f"an id beyond the {len(table)} rows of its table")

    def back(gradient: Tensor) -> None:
        if seen is not None:
            seen.append((ids + offsets).flatten())
        scatter(table.grad.data_ptr(), *places, gradient.data_ptr())  # type: ignore[union-attr]

    return out, back
