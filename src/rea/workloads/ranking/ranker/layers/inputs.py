"""Fields as vectors: one fused embedding table for all id fields, one layer for all numbers."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ranker import kernels
from ranker.config import Config
from ranker.layers import fused, rows
from ranker.layers.dropout import dropout
from ranker.layers.history import TargetAttention
from ranker.layers.numbers import numbers_layer


class _Lookup(torch.autograd.Function):
    """Rows of a table. The gradient is summed by ``index_add_``: a fifth of the time of the built-in one, and in a fixed order.

    With ``seen``, the gradient is added to what the table holds already and the rows are noted: nothing of the table's size is touched.
    """

    @staticmethod
    def forward(ctx: Any, table: Tensor, rows: Tensor, seen: list[Tensor] | None) -> Tensor:
        flat = rows.flatten()
        ctx.save_for_backward(flat)
        ctx.table, ctx.seen = table, seen
        return table.index_select(0, flat).view(*rows.shape, table.shape[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, None, None]:
        (flat,) = ctx.saved_tensors
        by_row = gradients[0].reshape(len(flat), -1)
        if ctx.seen is not None:
            ctx.seen.append(flat)
            _add(ctx.table.grad, flat, by_row)
            return None, None, None
        return _add(torch.zeros_like(ctx.table), flat, by_row), None, None


def _add(total: Tensor, rows: Tensor, by_row: Tensor) -> Tensor:
    if total.shape[1] == 1:  # a sum of numbers is much faster than one of rows
        total.view(-1).index_add_(0, rows, by_row[:, 0])
    else:
        total.index_add_(0, rows, by_row)
    return total


class Inputs(nn.Module):
    """(ids, numbers) to (rows, fields + numbers, dim). Id 0 of each field stands for the unknown, its vector starts at 0.

    With ``history``, that many further columns hold past ids of the field ``item``; attended to by it they become one more field.

    With ``compositional`` a field of more ids than that shares vectors: the product of one for the remainder and one for the quotient of
    the id (1909.02107). ``seen`` is where the optimizer of a table wants the rows of a batch, None where it takes whole gradients.
    """

    offsets: Tensor
    quotient_offsets: Tensor
    mask: Tensor
    seen: list[Tensor] | None = None

    def __init__(self, config: Config, sizes: tuple[int, ...], numbers: int, dim: int, item: int = 0) -> None:
        super().__init__()
        self.fields, self.item, self.kernels = len(sizes), item, kernels.load(config)
        self.attention = TargetAttention(dim) if config.history and dim > 1 else None
        self.std, self.buckets = config.embedding_std, config.compositional if dim > 1 else 0
        kept = [min(size, self.buckets) for size in sizes] if self.buckets else list(sizes)
        self.register_buffer("offsets", _starts(kept), persistent=False)
        self.table = nn.Parameter(torch.empty(sum(kept), dim))
        if self.buckets:
            quotients = [-(-size // self.buckets) for size in sizes]
            self.register_buffer("quotient_offsets", _starts(quotients), persistent=False)
            self.table_of_quotients = nn.Parameter(torch.empty(sum(quotients), dim))
        self.sized = bool(config.embedding_sizing) and dim > 1
        if self.sized:
            self.register_buffer("mask", _mask(sizes, dim, config.embedding_sizing), persistent=False)
        self.reset()
        self.numbers = numbers_layer(config.numeric_encoding, numbers, dim, max(config.embedding_std, 0.01))
        self.id_dropout, self.dropout = config.id_dropout, config.embedding_dropout
        self.norm = nn.LayerNorm(dim) if config.embedding_norm and dim > 1 else nn.Identity()
        more = self.buckets or self.sized or config.history or numbers or self.id_dropout or self.dropout
        self._bare = not (more or (config.embedding_norm and dim > 1))  # vectors of ids and nothing else

    @torch.no_grad()
    def reset(self) -> None:
        """Give the tables fresh weights, drawn from torch's generator."""
        self.table.copy_(torch.randn(self.table.shape) * self.std)
        self.table[self.offsets.long()] = 0.0
        if self.buckets:
            self.table_of_quotients.copy_(1.0 + 0.1 * torch.randn(self.table_of_quotients.shape))

    def tables(self) -> list[nn.Parameter]:
        """All of them."""
        return [self.table, self.table_of_quotients] if self.buckets else [self.table]

    def forward(self, ids: Tensor, numbers: Tensor) -> Tensor:
        if self.training and self.id_dropout:
            ids = ids.masked_fill(torch.rand(ids.shape, device=ids.device) < self.id_dropout, 0)
        fields = self._vectors(ids[:, : self.fields], slice(None))
        fields = fields * self.mask if self.sized else fields
        if self.attention is not None:
            past = ids[:, self.fields :]
            vectors = self._vectors(past, slice(self.item, self.item + 1))
            pooled = self.attention(fields[:, self.item], vectors, past > 0)
            fields = torch.cat([fields, pooled.unsqueeze(1)], dim=1)
        if numbers.shape[1]:
            fields = torch.cat([fields, self.numbers(numbers)], dim=1)
        return dropout(self.norm(fields), self.dropout, self.training)

    def summed(self, ids: Tensor, numbers: Tensor) -> Tensor:
        """The sum of all that ``forward`` gives of a row, where ``dim`` is 1: (rows,)."""
        if self._bare and fused.usable(self.kernels, self, self.table):
            return fused.through(self._rows(self.offsets, summed=True), ids, self.table)
        return self(ids, numbers).sum(dim=(1, 2))  # type: ignore[no-any-return]

    def straight(self, ids: Tensor, numbers: Tensor, *, summed: bool = False) -> fused.Stretch:
        """``forward`` or ``summed`` as a stretch."""
        if self._bare:
            return self._rows(self.offsets, summed=summed)(ids)
        act = self.summed if summed else self
        return fused.plain(lambda _: act(ids, numbers).float().contiguous())

    def _rows(self, offsets: Tensor, *, summed: bool = False) -> Callable[[Tensor], fused.Stretch]:
        return partial(rows.lookup, self.kernels, self.table, offsets, self.seen, summed=summed)

    def _vectors(self, ids: Tensor, of: slice) -> Tensor:
        """The vectors of ids of some fields."""
        if not self.buckets and fused.usable(self.kernels, self, self.table):
            return fused.through(self._rows(self.offsets[of]), ids, self.table)
        if not self.buckets:
            return _Lookup.apply(self.table, ids + self.offsets[of], self.seen)  # type: ignore[no-any-return]
        remainders = _Lookup.apply(self.table, ids % self.buckets + self.offsets[of], None)
        quotients = _Lookup.apply(self.table_of_quotients, ids // self.buckets + self.quotient_offsets[of], None)
        return remainders * quotients  # type: ignore[no-any-return]


def _mask(sizes: tuple[int, ...], dim: int, power: float) -> Tensor:
    """Which coordinates a field uses: more ids, more of them (mixed dimensions, 1909.11810). The table keeps its shape."""
    share = torch.tensor(sizes, dtype=torch.float64) / max(sizes, default=1)
    kept = (dim * share**power).ceil().clamp(1, dim)
    return (torch.arange(dim) < kept.unsqueeze(1)).float()


def _starts(sizes: list[int]) -> Tensor:
    """Where each field begins in the table."""
    return torch.tensor([0, *sizes[:-1]] if sizes else [], dtype=torch.int32).cumsum(0).to(torch.int32)
