"""The layers of ``kernels=fused``: the same mathematics as beside, in fewer and larger operations (``ranker/kernels``).

Each is a *stretch* of the network: a function that gives what comes of its input and the way back, a function from the gradient of the
former to that of the input, which adds the weights' gradients to what those hold and may overwrite the gradient it is given. Models put
stretches together by hand, and ``through`` shows them to autograd as one operation, since its bookkeeping took a fifth of a small step.

``usable`` says where: elsewhere (another device, evaluation, no compiler) a module takes its plain path. Rounding differs: batch norm keeps
its sums in double, cross layers and attention keep what lies between products in float.
"""

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ranker.kernels import Kernels
from ranker.layers.attention import FieldAttention
from ranker.layers.cross import Cross, kind_of

Back = Callable[..., Any]
Stretch = tuple[Any, Back]
ONEDNN = hasattr(torch.ops.mkldnn, "_linear_pointwise")


def usable(kernels: Kernels | None, module: nn.Module, weight: Tensor) -> bool:
    """Whether ``kernels`` can do a module here and now: where they are ready, with products of the type they were made for."""
    return ready(kernels, module, weight) and kind_of(weight) == kernels.kind  # type: ignore[union-attr]


def ready(kernels: Kernels | None, module: nn.Module, weight: Tensor) -> bool:
    """Whether there are kernels, in training, on the CPU, and where the weights' gradients lie ready."""
    return kernels is not None and module.training and weight.grad is not None and weight.device.type == "cpu"


def through(act: Callable[[Tensor], Stretch], x: Tensor, weight: Tensor | None = None) -> Tensor:
    """A stretch as one operation of autograd; ``weight`` says that there is a gradient to ask for, even if ``x`` has none."""
    return _Through.apply(act, x, weight)  # type: ignore[no-any-return]


class _Through(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, act: Callable[[Tensor], Stretch], x: Tensor, _: Tensor | None) -> Tensor:
        out, ctx.back = act(x)
        return out  # type: ignore[no-any-return]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor | None, None]:
        return None, ctx.back(gradients[0].clone(memory_format=torch.contiguous_format)), None


def plain(act: Callable[[Any], Tensor], x: Tensor | None = None) -> Stretch:
    """A stretch that autograd does: ``act(x)``."""
    given = None if x is None else x.detach().requires_grad_()
    with torch.enable_grad():
        out = act(given)

    def back(gradient: Tensor) -> Tensor | None:
        torch.autograd.backward(out, gradient)
        return None if given is None else given.grad

    return out.detach(), back


def mapped(kernels: Kernels, weight: Tensor, x: Tensor) -> Stretch:
    """``x @ weight.t()`` in the type of products, that of ``x``."""

    def back(gradient: Tensor) -> Tensor:
        if kernels.multiplies:
            pointers = (gradient.data_ptr(), x.data_ptr(), x.shape[0], *weight.shape, weight.grad.data_ptr())  # type: ignore[union-attr]
            _done(kernels.multiply_batch(*pointers))
        else:  # the transpose is faster to compute
            more = _by_torch(x.t(), gradient)
            kernels.add_transposed(weight.grad.data_ptr(), more.data_ptr(), *more.shape)  # type: ignore[union-attr]
        return _product(kernels, gradient, weight, back=True)

    return _product(kernels, x, weight), back


def _product(kernels: Kernels, x: Tensor, weight: Tensor, *, back: bool = False) -> Tensor:
    """``x @ weight.t()`` or, ``back``, ``x @ weight``."""
    if not kernels.multiplies or x.shape[1] % 2:
        low = weight.to(kernels.kind)
        return _by_torch(x, low if back else low.t())
    out = x.new_empty(x.shape[0], weight.shape[int(back)])
    _done(kernels.multiply(x.data_ptr(), weight.data_ptr(), *x.shape, out.shape[1], back, out.data_ptr()))
    return out


def _by_torch(a: Tensor, b: Tensor) -> Tensor:
    """``a @ b``; in fp32 by oneDNN, which makes more of some processors than the library behind ``@`` does."""
    if ONEDNN and a.dtype == torch.float32:
        return torch.ops.mkldnn._linear_pointwise(a, b.t(), None, "none", [], "")  # type: ignore[no-any-return]
    return a @ b


def _done(code: int) -> None:
    if code:
        raise MemoryError("no memory for the words of a product")


def norm_layers(kernels: Kernels, layers: Sequence[tuple[nn.Linear, nn.BatchNorm1d]], x: Tensor) -> Stretch:
    """relu(norm(linear(x))), layer by layer, of linear maps without bias; ``x`` and the result are of the type of products."""
    backs = []
    for linear, norm in layers:
        x, back_layer = _norm_layer(kernels, linear, norm, x)
        backs.append(back_layer)

    def back(gradient: Tensor) -> Tensor:
        for back_layer in reversed(backs):
            gradient = back_layer(gradient)
        return gradient

    return x, back


def _norm_layer(kernels: Kernels, linear: nn.Linear, norm: nn.BatchNorm1d, x: Tensor) -> Stretch:
    z, back_map = mapped(kernels, linear.weight, x)
    weight, bias = norm.weight, norm.bias
    y, moments = torch.empty_like(z), z.new_empty(2, z.shape[1], dtype=torch.float32)
    kernels.norm_forward(
        *(z.data_ptr(), *z.shape, weight.data_ptr(), bias.data_ptr(), norm.eps, norm.momentum),
        *(each.data_ptr() for each in (norm.running_mean, norm.running_var, norm.num_batches_tracked, moments, y)),  # type: ignore[union-attr]
    )

    def back(gradient: Tensor) -> Tensor:
        kernels.norm_backward(
            *(gradient.data_ptr(), z.data_ptr(), *z.shape, weight.data_ptr(), bias.data_ptr(), moments.data_ptr()),
            *_gradients(weight, bias),
        )
        return back_map(gradient)  # type: ignore[no-any-return]

    return y, back


def factorisation(kernels: Kernels, x: Tensor) -> Stretch:
    """``cross.factorisation``, and ``x`` in the type of products for a tower beside it, whose gradient the way back takes too."""
    total, value, low = (
        x.new_empty(x.shape[0], x.shape[2]),
        x.new_empty(x.shape[0]),
        torch.empty_like(x, dtype=kernels.kind),
    )
    kernels.factorisation(x.data_ptr(), *x.shape, total.data_ptr(), value.data_ptr(), low.data_ptr())

    def back(gradient: Tensor, by_low: Tensor | None = None) -> Tensor:
        by_x = torch.empty_like(x)
        pointers = (x.data_ptr(), total.data_ptr(), gradient.data_ptr(), _pointer(by_low))
        kernels.factorisation_back(*pointers, *x.shape, by_x.data_ptr())
        return by_x

    return (value, low), back


def crossed(kernels: Kernels, cross: Cross, start: Tensor) -> Stretch:
    """Cross layers, in the type of products, and ``start`` in it for a tower beside them, whose gradient the way back takes too."""
    layers = [layer for layer in cross.layers if isinstance(layer, nn.Linear)]
    if len(layers) < len(cross.layers):  # of low rank
        return _beside(kernels, plain(cross, start), start)
    first = narrowed(kernels, start)
    x, out, given, saved = start, torch.empty_like(start), first, []
    for layer in layers:
        (by, back_map), out_low = mapped(kernels, layer.weight, given), torch.empty_like(given)
        pointers = (x.data_ptr(), start.data_ptr(), by.data_ptr(), layer.bias.data_ptr())
        kernels.cross_forward(*pointers, *start.shape, out.data_ptr(), out_low.data_ptr())
        saved.append((layer, by, back_map))
        x, given = out, out_low

    def back(more: Tensor, by_low: Tensor | None = None) -> Tensor:
        gradient, by_start, by_map = torch.empty_like(start), torch.empty_like(start), torch.empty_like(first)
        for layer, by, back_map in reversed(saved):
            kernels.cross_back(
                *(more.data_ptr(), start.data_ptr(), by.data_ptr(), layer.bias.data_ptr(), *start.shape),
                *(layer is layers[-1], gradient.data_ptr(), by_map.data_ptr(), by_start.data_ptr()),
                *_gradients(layer.bias),
            )
            more = back_map(by_map)
        pointers = (gradient.data_ptr(), more.data_ptr(), _pointer(by_low))
        kernels.cross_start(*pointers, start.numel(), by_start.data_ptr())
        return by_start

    return (given, first), back


def _beside(kernels: Kernels, stretch: Stretch, start: Tensor) -> Stretch:
    """What a plain stretch makes of ``start``, and ``start`` itself, in the type of products."""
    out, back_out = stretch

    def back(gradient: Tensor, by_low: Tensor | None = None) -> Tensor:
        by_start: Tensor = back_out(gradient.to(out.dtype))
        return by_start if by_low is None else by_start + by_low

    return (out.to(kernels.kind), start.to(kernels.kind, copy=True)), back


def narrowed(kernels: Kernels, x: Tensor) -> Tensor:
    """A copy of ``x`` in the type of products."""
    low = torch.empty_like(x, dtype=kernels.kind)
    kernels.narrowed(x.data_ptr(), x.numel(), low.data_ptr())
    return low


class _Shape(ctypes.Structure):
    _fields_ = [(name, ctypes.c_long) for name in ("rows", "fields", "dim", "heads", "width", "depth")]


def attended(kernels: Kernels, layers: nn.Sequential, x: Tensor) -> Stretch:
    """Layers of ``FieldAttention``, all of one shape, one after another: (rows, fields, dim) to (heads * width, fields, rows), and ``x`` in
    the type of products for a tower beside them, whose gradient the way back takes too."""
    weights = [layer.project.weight for layer in layers if isinstance(layer, FieldAttention)]
    heads = layers[0].heads
    shape = ctypes.byref(_Shape(*x.shape, heads, len(weights[0]) // (4 * heads), len(weights)))
    out, given = x.new_empty(len(weights[0]) // 4, x.shape[1], len(x)), _pointers(weights)
    # torch starts tensors at multiples of 64 bytes
    room = torch.empty(kernels.attention_room(shape), dtype=torch.float32)
    kernels.attention(shape, x.data_ptr(), given, out.data_ptr(), room.data_ptr())

    def back(gradient: Tensor, by_low: Tensor | None = None) -> Tensor:
        by_x, held = torch.empty_like(x), _pointers([each.grad for each in weights])  # type: ignore[misc]
        kernels.attention_back(shape, x.data_ptr(), given, gradient.data_ptr(), by_x.data_ptr(), held, room.data_ptr())
        if by_low is not None:
            kernels.add(by_x.data_ptr(), by_low.data_ptr(), by_x.numel())
        return by_x

    return (out, narrowed(kernels, x)), back


def read(kernels: Kernels, out: nn.Linear, *parts: Tensor) -> Stretch:
    """``head.read`` of one number a row: parts of (rows, width) in the type of products to (rows,)."""
    total = out.weight.new_empty(parts[0].shape[0])
    places = [0]
    for part in parts:
        share, start = out.weight.data_ptr() + 4 * places[-1], None if places[-1] else out.bias.data_ptr()
        kernels.read_out(part.data_ptr(), share, start, *part.shape, total.data_ptr())
        places.append(places[-1] + part.shape[1])

    def back(gradient: Tensor) -> list[Tensor]:
        add_sum(kernels, gradient, out.bias)
        by_parts, (held,) = [torch.empty_like(part) for part in parts], _gradients(out.weight)
        for part, place, by_part in zip(parts, places, by_parts, strict=False):
            pointers = (part.data_ptr(), out.weight.data_ptr() + 4 * place, gradient.data_ptr())
            kernels.read_out_back(*pointers, *part.shape, by_part.data_ptr(), held + 4 * place)
        return by_parts

    return total, back


def add_sum(kernels: Kernels, gradient: Tensor, bias: Tensor) -> None:
    """Add the sum of a gradient of (rows,) to that of a number which all rows share."""
    kernels.add_sum(gradient.data_ptr(), gradient.shape[0], *_gradients(bias))


def summed(kernels: Kernels, total: Tensor, *parts: Tensor) -> Tensor:
    """``total`` of (rows,), grown by parts of (rows,) or of one number."""
    for part in parts:
        kernels.grow(total.data_ptr(), part.data_ptr(), total.shape[0], int(part.dim() > 0))
    return total


def read_columns(out: nn.Linear, x: Tensor) -> Stretch:
    """A read-out of (width, rows) to (rows,)."""
    weight = out.weight[0]

    def back(gradient: Tensor) -> Tensor:
        out.bias.grad.add_(gradient.sum())  # type: ignore[union-attr]
        out.weight.grad[0].add_(x @ gradient)  # type: ignore[index]
        return torch.outer(weight, gradient)

    return (x.t() @ weight).float() + out.bias, back


def log_loss(
    kernels: Kernels, target: Tensor, weight: Tensor, logits: Tensor, share: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Weighted log loss of (rows, members), summed, and ``share`` of its gradient; target and weight are of (rows,). All are contiguous."""
    by_logits, total = torch.empty_like(logits), logits.new_empty(())
    pointers = (logits.data_ptr(), target.data_ptr(), weight.data_ptr())
    kernels.log_loss(*pointers, *logits.shape, share, by_logits.data_ptr(), total.data_ptr())
    return total, by_logits


def log_loss_through(kernels: Kernels, target: Tensor, weight: Tensor, logits: Tensor) -> Tensor:
    """``log_loss`` as one operation of autograd, of any memory."""

    def act(logits: Tensor) -> Stretch:
        total, by_logits = log_loss(kernels, target.contiguous(), weight.contiguous(), logits)
        return total, by_logits.mul_

    return through(act, logits.contiguous())


def _gradients(*weights: Tensor) -> tuple[int, ...]:
    return tuple(each.grad.data_ptr() for each in weights)  # type: ignore[union-attr]


def _pointer(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()


def _pointers(tensors: Sequence[Tensor]) -> ctypes.Array:
    return (ctypes.c_void_p * len(tensors))(*(each.data_ptr() for each in tensors))
