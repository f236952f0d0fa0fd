"""The layers of ``kernels=fused``: the same mathematics as beside, in fewer and larger operations (``ranker/kernels``).

A layer asks ``usable`` and else takes its plain path: on another device, in evaluation, without a compiler. Rounding differs: batch norm
keeps its sums in double, cross layers and attention keep what lies between products in float.
"""

import ctypes
from collections.abc import Sequence
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn

from ranker.kernels import Kernels
from ranker.layers import cross, head
from ranker.layers.attention import FieldAttention


def usable(kernels: Kernels | None, x: Tensor) -> TypeGuard[Kernels]:
    """Whether ``kernels`` can work on ``x`` here and now, where products are of the type they were made for."""
    return kernels is not None and x.device.type == "cpu" and cross.kind_of(x) == kernels.kind


def norm_layers(kernels: Kernels, layers: Sequence[tuple[nn.Linear, nn.BatchNorm1d]], x: Tensor) -> Tensor:
    """relu(norm(linear(x))) in training, layer by layer, of linear maps without bias.

    The weights' gradients are added to what they hold already.
    """
    return _NormLayers.apply(x.to(kernels.kind).contiguous(), kernels, layers, layers[0][0].weight)  # type: ignore[no-any-return]


class _NormLayers(torch.autograd.Function):
    """The last argument of ``forward`` says that there is a gradient to ask for, even if ``x`` has none."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, kernels: Kernels, layers: Sequence[tuple[nn.Linear, nn.BatchNorm1d]], _: Tensor
    ) -> Tensor:
        saved = []
        for linear, norm in layers:
            low = linear.weight.to(kernels.kind)
            z = x @ low.t()
            y, moments = torch.empty_like(z), z.new_empty(2, z.shape[1], dtype=torch.float32)
            kernels.norm_forward(
                *(z.data_ptr(), *z.shape, norm.weight.data_ptr(), norm.bias.data_ptr(), norm.eps, norm.momentum),
                *(norm.running_mean.data_ptr(), norm.running_var.data_ptr()),  # type: ignore[union-attr]
                *(moments.data_ptr(), y.data_ptr()),
            )
            norm.num_batches_tracked.add_(1)  # type: ignore[union-attr]
            saved += [x, low, z, moments]
            x = y
        ctx.save_for_backward(*saved)
        ctx.kernels, ctx.layers = kernels, layers
        return x

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, None, None, None]:
        kernels, saved, gradient = ctx.kernels, ctx.saved_tensors, gradients[0].contiguous()
        for place in range(len(ctx.layers) - 1, -1, -1):
            (linear, norm), (x, low, z, moments) = ctx.layers[place], saved[4 * place : 4 * place + 4]
            weight, bias, by_z = norm.weight, norm.bias, torch.empty_like(z)
            kernels.norm_backward(
                *(gradient.data_ptr(), z.data_ptr(), *z.shape, weight.data_ptr(), bias.data_ptr(), moments.data_ptr()),
                *(by_z.data_ptr(), weight.grad.data_ptr(), bias.grad.data_ptr()),
            )
            by_matrix = x.t() @ by_z  # faster than by_z.t() @ x
            kernels.add_transposed(linear.weight.grad.data_ptr(), by_matrix.data_ptr(), *by_matrix.shape)
            if place or ctx.needs_input_grad[0]:
                gradient = by_z @ low
        return gradient if ctx.needs_input_grad[0] else None, None, None, None


def factorisation(kernels: Kernels | None, x: Tensor) -> tuple[Tensor, Tensor]:
    """``cross.factorisation``, and ``x`` for a tower beside it."""
    if not usable(kernels, x):
        return cross.factorisation(x), x
    return _Factorisation.apply(x.float().contiguous(), kernels)  # type: ignore[no-any-return]


class _Factorisation(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kernels: Kernels) -> tuple[Tensor, Tensor]:
        total, value, low = (
            x.new_empty(len(x), x.shape[2]),
            x.new_empty(len(x)),
            torch.empty_like(x, dtype=kernels.kind),
        )
        kernels.factorisation(x.data_ptr(), *x.shape, total.data_ptr(), value.data_ptr(), low.data_ptr())
        ctx.save_for_backward(x, total)
        ctx.kernels = kernels
        ctx.set_materialize_grads(False)
        return value, low

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor, None]:
        x, total = ctx.saved_tensors
        gradient, by_low, by_x = *_contiguous(*gradients), torch.empty_like(x)
        pointers = (x.data_ptr(), total.data_ptr(), _pointer(gradient), _pointer(by_low))
        ctx.kernels.factorisation_back(*pointers, *x.shape, by_x.data_ptr())
        return by_x, None


def crossed(kernels: Kernels | None, layers: cross.Cross, x: Tensor) -> tuple[Tensor, Tensor]:
    """``layers(x)``, in the type of products, and ``x`` for a tower beside them; layers of low rank take their plain path."""
    full = [layer for layer in layers.layers if isinstance(layer, nn.Linear)]
    if not usable(kernels, x) or len(full) < len(layers.layers):
        return layers(x), x
    weights = [tensor for layer in full for tensor in (layer.weight, layer.bias)]
    return _Cross.apply(x.float().contiguous(), kernels, *weights)  # type: ignore[no-any-return]


class _Cross(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, start: Tensor, kernels: Kernels, *weights: Tensor) -> tuple[Tensor, Tensor]:
        x, out, given, saved = start, torch.empty_like(start), start.to(kernels.kind), []
        for matrix, bias in zip(weights[::2], weights[1::2], strict=True):
            low = matrix.to(kernels.kind)
            mapped, out_low = given @ low.t(), torch.empty_like(given)
            kernels.cross_forward(
                *(x.data_ptr(), start.data_ptr(), mapped.data_ptr(), bias.data_ptr(), *start.shape),
                *(out.data_ptr(), out_low.data_ptr()),
            )
            saved += [given, low, mapped, bias]
            x, given = out, out_low
        ctx.save_for_backward(start, *saved)
        ctx.kernels = kernels
        ctx.set_materialize_grads(False)
        return given, saved[0]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        start, *saved = ctx.saved_tensors
        more, by_start_low = _contiguous(*gradients)
        gradient, by_start, by_weights = torch.empty_like(start), torch.empty_like(start), []
        last = len(saved) - 4
        for place in range(last, -1, -4):
            given, low, mapped, bias = saved[place : place + 4]
            by_mapped, by_bias = torch.empty_like(mapped), torch.empty_like(bias)
            ctx.kernels.cross_back(
                *(_pointer(more), start.data_ptr(), mapped.data_ptr(), bias.data_ptr(), *start.shape, place == last),
                *(gradient.data_ptr(), by_mapped.data_ptr(), by_start.data_ptr(), by_bias.data_ptr()),
            )
            more = by_mapped @ low
            by_weights = [(given.t() @ by_mapped).t().to(bias.dtype), by_bias, *by_weights]
        pointers = (gradient.data_ptr(), _pointer(more), _pointer(by_start_low))
        ctx.kernels.cross_start(*pointers, start.numel(), by_start.data_ptr())
        return by_start, None, *by_weights


def _contiguous(*gradients: Tensor | None) -> tuple[Tensor | None, ...]:
    return tuple(None if each is None else each.contiguous() for each in gradients)


def _pointer(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()


class _Shape(ctypes.Structure):
    _fields_ = [(name, ctypes.c_long) for name in ("rows", "fields", "dim", "heads", "width", "depth")]


def attended(kernels: Kernels | None, layers: nn.Sequential, x: Tensor) -> tuple[Tensor, Tensor]:
    """Layers of ``FieldAttention``, all of one shape, one after another: (rows, fields, dim) to (heads * width, fields, rows), and ``x`` for
    a tower beside them."""
    if not usable(kernels, x):
        return layers(x.permute(2, 1, 0).contiguous()), x
    weights = [layer.project.weight for layer in layers if isinstance(layer, FieldAttention)]
    return _Attention.apply(x.float().contiguous(), kernels, layers[0].heads, *weights)  # type: ignore[no-any-return]


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kernels: Kernels, heads: int, *weights: Tensor) -> tuple[Tensor, Tensor]:
        shape = _Shape(*x.shape, heads, len(weights[0]) // (4 * heads), len(weights))
        out = x.new_empty(len(weights[0]) // 4, x.shape[1], len(x))
        room = _room(kernels, shape)
        kernels.attention(ctypes.byref(shape), x.data_ptr(), _pointers(weights), out.data_ptr(), room.data_ptr())
        ctx.save_for_backward(x, *weights)
        ctx.kernels, ctx.shape = kernels, shape
        ctx.set_materialize_grads(False)
        return out, x.to(kernels.kind, copy=True)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        x, *weights = ctx.saved_tensors
        (gradient, by_low), room = _contiguous(*gradients), _room(ctx.kernels, ctx.shape)
        by_x, by_weights = torch.empty_like(x), [torch.empty_like(each) for each in weights]
        ctx.kernels.attention_back(
            *(ctypes.byref(ctx.shape), x.data_ptr(), _pointers(weights), _pointer(gradient), by_x.data_ptr()),
            *(_pointers(by_weights), room.data_ptr()),
        )
        if by_low is not None:
            ctx.kernels.add(by_x.data_ptr(), by_low.data_ptr(), by_x.numel())
        return by_x, None, None, *by_weights


def _room(kernels: Kernels, shape: _Shape) -> Tensor:
    """Working memory; torch's tensors start at multiples of 64 bytes."""
    return torch.empty(kernels.attention_room(ctypes.byref(shape)), dtype=torch.float32)


def _pointers(tensors: Sequence[Tensor]) -> ctypes.Array:
    return (ctypes.c_void_p * len(tensors))(*(each.data_ptr() for each in tensors))


def read(kernels: Kernels | None, out: nn.Linear, *parts: Tensor) -> Tensor:
    """``head.read`` of one number a row: parts of (rows, width) to (rows,)."""
    if not usable(kernels, parts[0]):
        return head.read(out, *parts).squeeze(1)
    return _Read.apply(kernels, out.weight, out.bias, *(part.to(kernels.kind).contiguous() for part in parts))  # type: ignore[no-any-return]


class _Read(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, kernels: Kernels, weight: Tensor, bias: Tensor, *parts: Tensor) -> Tensor:
        out = bias.expand(len(parts[0])).clone()
        for part, share in zip(parts, _shares(weight, parts), strict=True):
            kernels.read_out(part.data_ptr(), share.data_ptr(), *part.shape, out.data_ptr())
        ctx.save_for_backward(weight, *parts)
        ctx.kernels = kernels
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        weight, *parts = ctx.saved_tensors
        gradient, by_weight = gradients[0].contiguous(), torch.empty_like(weight)
        by_parts = [torch.empty_like(part) for part in parts]
        shares = _shares(weight, parts), _shares(by_weight, parts)
        for part, share, by_share, by_part in zip(parts, *shares, by_parts, strict=True):
            pointers = (part.data_ptr(), share.data_ptr(), gradient.data_ptr())
            ctx.kernels.read_out_back(*pointers, *part.shape, by_part.data_ptr(), by_share.data_ptr())
        return None, by_weight, gradient.sum(dim=0, keepdim=True), *by_parts


def _shares(weight: Tensor, parts: Sequence[Tensor]) -> tuple[Tensor, ...]:
    return weight[0].split([part.shape[1] for part in parts])


def log_loss(kernels: Kernels, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Weighted log loss of (rows, members), summed; target and weight are of (rows,)."""
    return _LogLoss.apply(logits.contiguous(), target.contiguous(), weight.contiguous(), kernels)  # type: ignore[no-any-return]


class _LogLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, target: Tensor, weight: Tensor, kernels: Kernels) -> Tensor:
        by_logits = torch.empty_like(logits)
        pointers = (logits.data_ptr(), target.data_ptr(), weight.data_ptr())
        total = kernels.log_loss(*pointers, *logits.shape, by_logits.data_ptr())
        ctx.save_for_backward(by_logits)
        return logits.new_tensor(total)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        return ctx.saved_tensors[0].mul(gradients[0]), None, None, None
