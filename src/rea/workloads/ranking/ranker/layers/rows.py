"""Rows through the kernels of ``kernels=fused``: those of a batch, and those of embedding tables with their gradient."""

from typing import Any

import torch
from torch import Tensor, nn

from ranker.kernels import Kernels


def take(kernels: Kernels, source: Tensor, index: Tensor) -> Tensor:
    """``source[index]`` of rows of numbers of four bytes. Raises IndexError."""
    out, width = source.new_empty(len(index), *source.shape[1:]), source.shape[1:].numel()
    if kernels.take(source.data_ptr(), index.contiguous().data_ptr(), len(index), len(source), width, out.data_ptr()):
        raise IndexError(f"an index beyond {len(source)} rows")
    return out


def lookup(
    kernels: Kernels,
    table: nn.Parameter,
    ids: Tensor,
    offsets: Tensor,
    seen: list[Tensor] | None,
    *,
    summed: bool = False,
) -> Tensor:
    """The rows ``ids + offsets`` of a table, or their sums over fields where it has one column; ``offsets`` has one for each field, or one.

    The gradient is added to what the table holds already. Raises IndexError.
    """
    ids, offsets = ids.to(torch.int32).contiguous(), offsets.expand(ids.shape[1]).contiguous()
    return _Lookup.apply(table, ids, offsets, seen, kernels, summed)  # type: ignore[no-any-return]


class _Lookup(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, table: Tensor, ids: Tensor, offsets: Tensor, seen: list[Tensor] | None, kernels: Kernels, summed: bool
    ) -> Tensor:
        ctx.table, ctx.ids, ctx.offsets, ctx.seen = table, ids, offsets, seen
        gather, ctx.scatter = (kernels.gather_sum, kernels.scatter_sum) if summed else (kernels.gather, kernels.scatter)
        out = table.new_empty(len(ids)) if summed else table.new_empty(*ids.shape, table.shape[1])
        places = (ids.data_ptr(), offsets.data_ptr(), *ids.shape)
        if gather(table.data_ptr(), *places, *table.shape, out.data_ptr()):
            raise IndexError(f"an id beyond the {len(table)} rows of its table")
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, None, None, None, None, None]:
        by_out, table, ids, offsets = gradients[0].contiguous(), ctx.table, ctx.ids, ctx.offsets
        if ctx.seen is not None:
            ctx.seen.append((ids + offsets).flatten())
        places = (ids.data_ptr(), offsets.data_ptr(), *ids.shape)
        ctx.scatter(table.grad.data_ptr(), *places, *table.shape, by_out.data_ptr())
        return None, None, None, None, None, None
