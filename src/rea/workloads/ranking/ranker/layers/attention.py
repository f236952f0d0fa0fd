"""Self-attention over fields (AutoInt, 1810.11921).

There are few fields and narrow heads, so products of small matrices would take most of the time. Tensors are therefore laid out with
the rows innermost, where every step is arithmetic on long contiguous runs: twenty times faster on a CPU than attention row by row.
"""

from typing import Any

import torch
from torch import Tensor, nn

from ranker.layers.cross import kind_of


class _Attention(torch.autograd.Function):
    """relu(attention(x) + skip) for x of (inputs, fields * rows) and a weight of (4 * heads * width, inputs), in shape (heads, width, fields).

    ``kind`` is the type of the two products with the weight; what lies between is memory-bound and stays as precise as ``x``.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, shape: tuple[int, int, int], kind: torch.dtype) -> Tensor:
        x, low = x.to(kind), weight.to(kind)
        parts = (low @ x).to(weight.dtype).view(4, *shape, -1)
        q, k, v, skip = parts
        share = _over_width(q, k).mul_(shape[1] ** -0.5).softmax(dim=2)
        out = _over_keys(share, v, torch.empty_like(skip)).add_(skip).relu_()
        ctx.save_for_backward(x, low, parts, share, out)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        x, low, (q, k, v, _), share, out = ctx.saved_tensors
        by_part = torch.empty_like(ctx.saved_tensors[2])
        by_out = torch.ops.aten.threshold_backward.grad_input(gradients[0].contiguous(), out, 0, grad_input=by_part[3])
        by_share = _over_width(by_out, v)
        by_score = torch.ops.aten._softmax_backward_data(by_share, share, 2, share.dtype).mul_(q.shape[1] ** -0.5)
        _over_keys(by_score, k, by_part[0])
        _over_queries(by_score, q, by_part[1])
        _over_queries(share, by_out, by_part[2])
        flat = by_part.view(len(low), -1).to(low.dtype)
        return (low.t() @ flat).to(share.dtype), (flat @ x.t()).to(share.dtype), None, None


def _over_width(a: Tensor, b: Tensor) -> Tensor:
    """Sum over the width of a[query] * b[key]: (heads, queries, keys, rows)."""
    total = a[:, 0].unsqueeze(2) * b[:, 0].unsqueeze(1)
    for i in range(1, a.shape[1]):
        total.addcmul_(a[:, i].unsqueeze(2), b[:, i].unsqueeze(1))
    return total


def _over_keys(share: Tensor, v: Tensor, out: Tensor) -> Tensor:
    """Sum over the keys of share * v[key], into ``out``: (heads, width, queries, rows)."""
    torch.mul(share[:, :, 0].unsqueeze(1), v[:, :, 0].unsqueeze(2), out=out)
    for key in range(1, v.shape[2]):
        out.addcmul_(share[:, :, key].unsqueeze(1), v[:, :, key].unsqueeze(2))
    return out


def _over_queries(share: Tensor, v: Tensor, out: Tensor) -> Tensor:
    """Sum over the queries of share * v[query], into ``out``: (heads, width, keys, rows)."""
    return _over_keys(share.transpose(1, 2), v, out)


class FieldAttention(nn.Module):
    """Multi-head attention with a projected skip and ReLU: (inputs, fields, rows) to (heads * width, fields, rows)."""

    def __init__(self, inputs: int, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.width = heads, width
        self.project = nn.Linear(inputs, 4 * heads * width, bias=False)  # queries, keys, values, skip

    def forward(self, x: Tensor) -> Tensor:
        _, fields, rows = x.shape
        shape = (self.heads, self.width, fields)
        out: Tensor = _Attention.apply(x.flatten(1), self.project.weight, shape, kind_of(x))
        return out.view(-1, fields, rows)
