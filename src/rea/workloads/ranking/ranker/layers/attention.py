"""Self-attention over fields (AutoInt, 1810.11921).

There are few fields and narrow heads, so products of small matrices would take most of the time. Tensors are therefore laid out with
the rows innermost, where every step is arithmetic on long contiguous runs: twenty times faster on a CPU than attention row by row.
"""

from typing import Any

import torch
from torch import Tensor, nn


class _Attention(torch.autograd.Function):
    """softmax(q k / sqrt(width)) v; each is (heads, width, fields, rows), with a backward pass that sums without broadcasting in memory."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        share = torch.softmax(_over_width(q, k).mul_(q.shape[1] ** -0.5), dim=2)
        ctx.save_for_backward(q, k, v, share)
        return _over_keys(share, v)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        (gradient,) = gradients
        q, k, v, share = ctx.saved_tensors
        by_share = _over_width(gradient, v)
        by_score = torch.ops.aten._softmax_backward_data(by_share, share, 2, share.dtype).mul_(q.shape[1] ** -0.5)
        return _over_keys(by_score, k), _over_queries(by_score, q), _over_queries(share, gradient)


def _over_width(a: Tensor, b: Tensor) -> Tensor:
    """Sum over the width of a[query] * b[key]: (heads, queries, keys, rows)."""
    total = a[:, 0].unsqueeze(2) * b[:, 0].unsqueeze(1)
    for i in range(1, a.shape[1]):
        total.addcmul_(a[:, i].unsqueeze(2), b[:, i].unsqueeze(1))
    return total


def _over_keys(share: Tensor, v: Tensor) -> Tensor:
    """Sum over the keys of share * v[key]: (heads, width, queries, rows)."""
    total = share[:, :, 0].unsqueeze(1) * v[:, :, 0].unsqueeze(2)
    for key in range(1, v.shape[2]):
        total.addcmul_(share[:, :, key].unsqueeze(1), v[:, :, key].unsqueeze(2))
    return total


def _over_queries(share: Tensor, v: Tensor) -> Tensor:
    """Sum over the queries of share * v[query]: (heads, width, keys, rows)."""
    total = share[:, 0].unsqueeze(1) * v[:, :, 0].unsqueeze(2)
    for query in range(1, v.shape[2]):
        total.addcmul_(share[:, query].unsqueeze(1), v[:, :, query].unsqueeze(2))
    return total


class FieldAttention(nn.Module):
    """Multi-head attention with a projected skip and ReLU: (inputs, fields, rows) to (heads * width, fields, rows)."""

    def __init__(self, inputs: int, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.width = heads, width
        self.project = nn.Linear(inputs, 4 * heads * width, bias=False)  # queries, keys, values, skip

    def forward(self, x: Tensor) -> Tensor:
        _, fields, rows = x.shape
        # in full precision: the sums over a few fields are memory-bound, where half precision saves nothing
        with torch.autocast(x.device.type, enabled=False):
            parts = (self.project.weight @ x.float().flatten(1)).view(4, self.heads, self.width, fields, rows)
            mixed = _Attention.apply(parts[0], parts[1], parts[2])
            return torch.relu(mixed + parts[3]).view(-1, fields, rows)
