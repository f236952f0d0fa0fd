"""``kernels=fused``: the same mathematics as the plain path, kernel by kernel."""

import itertools
import shutil
import types
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional

from ranker import kernels
from ranker.config import parse
from ranker.layers import cross, fused, rows
from ranker.layers.attention import FieldAttention

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
pytestmark = pytest.mark.usefixtures("own_cache")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler: install gcc to test kernels=fused")
NEAR = {"fp32": 2e-6, "bf16": 0.02}  # share of the norm by which results and gradients may be off
ROWS = 37  # no multiple of the rows that a kernel takes at once


def load(precision="fp32"):
    return kernels.load(parse(["kernels=fused", f"precision={precision}"]))


def numbers(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def mapped(found, x, matrix):
    if found is None:
        return x @ matrix.t()
    hold(matrix)
    return fused.through(partial(fused.mapped, found, matrix), x.to(found.kind), matrix)


def mapped_by_torch(found, x, matrix):
    if found is not None:
        found.multiplies = False
    return mapped(found, x, matrix)


def norm_layer(found, x, matrix, weight, bias):
    """With the running statistics as further rows of the result."""
    mean, variance = torch.zeros_like(bias).detach(), torch.ones_like(bias).detach()
    if found is None:
        out = functional.relu(functional.batch_norm(x @ matrix.t(), mean, variance, weight, bias, training=True))
    else:
        out = norm_layers(found, [pair(matrix, weight, bias, mean, variance)], x)
    return torch.cat([out.to(x.dtype), mean.unsqueeze(0), variance.unsqueeze(0)])


def norm_layers(found, layers, x):
    return fused.through(partial(fused.norm_layers, found, layers), x.to(found.kind), layers[0][0].weight)


def pair(matrix, weight, bias, mean, variance):
    """A linear map and its norm, all of whose gradients are zero."""
    hold(matrix, weight, bias)
    parts = {"weight": weight, "bias": bias, "running_mean": mean, "running_var": variance}
    norm = types.SimpleNamespace(**parts, eps=1e-5, momentum=0.1, num_batches_tracked=torch.tensor(0))
    return types.SimpleNamespace(weight=matrix), norm


def hold(*weights):
    for each in weights:
        each.grad = torch.zeros_like(each)


def both(pair):
    """Two results as one: what came of the fields, and the fields themselves for a tower beside, which have a gradient too."""
    return torch.cat([each.flatten().to(pair[0].dtype) for each in pair])


def beside(act, x, weight=None):
    """A stretch with two results as one operation of autograd with one."""

    def whole(x):
        results, back = act(x)
        sizes, kinds = [each.shape for each in results], [each.dtype for each in results]

        def back_both(gradient):
            parts = gradient.split([size.numel() for size in sizes])
            shaped = [part.view(size).to(kind) for part, size, kind in zip(parts, sizes, kinds, strict=True)]
            return back(*shaped)

        return both(results), back_both

    return fused.through(whole, x, weight)


def crossed(found, x, *weights):
    if found is not None:
        hold(*weights)
        pairs = zip(weights[::2], weights[1::2], strict=True)
        layers = nn.ModuleList(nn.Linear(13, 13) for _ in weights[::2])
        for layer, (matrix, bias) in zip(layers, pairs, strict=True):
            del layer.weight, layer.bias
            layer.weight, layer.bias = matrix, bias
        return beside(partial(fused.crossed, found, types.SimpleNamespace(layers=layers)), x, weights[0]).to(x.dtype)
    start = x
    for matrix, bias in zip(weights[::2], weights[1::2], strict=True):
        x = x + start * (x @ matrix.t() + bias)
    return both((x, start))


def attended(found, x, *weights):
    """Two heads of width 3."""
    if found is not None:
        hold(*weights)
        layers = [FieldAttention(weight.shape[1], 3, 2) for weight in weights]
        for layer, weight in zip(layers, weights, strict=True):
            del layer.project.weight
            layer.project.weight = weight
        return beside(partial(fused.attended, found, nn.Sequential(*layers)), x, weights[0])
    out = x.permute(2, 1, 0)
    for weight in weights:
        q, k, v, skip = torch.einsum("oi,ifr->ofr", weight, out).view(4, 2, 3, *out.shape[1:])
        share = (torch.einsum("hwar,hwbr->habr", q, k) / 3**0.5).softmax(dim=2)
        out = torch.relu(torch.einsum("habr,hwbr->hwar", share, v) + skip).flatten(0, 1)
    return both((out, x))


def factorised(found, x):
    if found is None:
        return both((cross.factorisation(x), x))
    return beside(partial(fused.factorisation, found), x)


def read(found, x, y, weight, bias):
    if found is None:
        return torch.cat([x, y], dim=1) @ weight[0] + bias
    hold(weight, bias)

    def act(given):
        parts = given.to(found.kind).split([19, 5], dim=1)
        out, back = fused.read(
            found, types.SimpleNamespace(weight=weight, bias=bias), *(part.contiguous() for part in parts)
        )
        return out, lambda gradient: torch.cat(back(gradient), dim=1)

    return fused.through(act, torch.cat([x, y], dim=1), weight)


def log_loss(found, logits):
    target, weight = (torch.rand(ROWS, generator=torch.Generator().manual_seed(s)) for s in (1, 2))
    if found is not None:
        return fused.log_loss_through(found, target, weight, logits * 20)
    wide = target.double().unsqueeze(1).expand_as(logits)
    return (functional.binary_cross_entropy_with_logits(logits * 20, wide, reduction="none").sum(dim=1) * weight).sum()


IDS, OFFSETS = (
    torch.tensor([[0, 1], [2, 1], [0, 1], [3, 2]], dtype=torch.int32),
    torch.tensor([0, 4], dtype=torch.int32),
)


def looked_up(found, table, summed=False):
    if found is not None:
        hold(table)
        return fused.through(partial(rows.lookup, found, table, OFFSETS, None, summed=summed), IDS, table)
    out = table[(IDS + OFFSETS).long()]
    return out.sum(dim=(1, 2)) if summed else out


def summed(found, table):
    return looked_up(found, table, summed=True)


CASES = {
    mapped: (numbers(331, 84), numbers(38, 84, seed=2)),
    mapped_by_torch: (numbers(331, 84), numbers(38, 84, seed=2)),
    norm_layer: (numbers(131, 13) + 3.0, numbers(17, 13, seed=2), numbers(17, seed=3), numbers(17, seed=4)),
    crossed: (numbers(ROWS, 13), *(numbers(*shape, seed=s) / 4 for s, shape in enumerate([(13, 13), (13,)] * 2))),
    attended: (numbers(ROWS, 5, 4), *(numbers(24, width, seed=width) / 2 for width in (4, 6, 6))),
    factorised: (numbers(ROWS, 5, 7),),
    read: (numbers(ROWS, 19), numbers(ROWS, 5, seed=4), numbers(1, 24, seed=2), numbers(1, seed=3)),
    log_loss: (numbers(ROWS, 3),),
    looked_up: (numbers(7, 5),),
    summed: (numbers(7, 1),),
}


def off(function, precision):
    """By which share of its norm a result or gradient of the kernels is off what autograd finds in float64, at most."""
    sides = []
    for found, kind in ((load(precision), torch.float32), (None, torch.float64)):
        given = [each.to(kind, copy=True).requires_grad_() for each in CASES[function]]
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16" and kind == torch.float32):
            out = function(found, *given)
        out.backward(numbers(*out.shape or (1,), seed=9).view(out.shape).to(out.dtype))
        sides.append([out.detach().double(), *(each.grad.double() for each in given)])
    return max(float((a - b).norm() / b.norm()) for a, b in zip(*sides, strict=True))


@needs_compiler
@pytest.mark.parametrize("precision", NEAR)
@pytest.mark.parametrize("function", CASES)
def test_a_kernel_agrees_with_autograd_in_double_precision(function, precision):
    assert off(function, precision) < NEAR[precision]


def adam(found):
    """Two steps of the kernel, and of torch's own Adam in float64: values and their average."""
    start, gradient, l2, rate, share = numbers(ROWS), numbers(2, ROWS, seed=2), 0.1, 0.01, 0.3
    value, first, second, average = start.clone(), torch.zeros(ROWS), torch.zeros(ROWS), start.clone()
    wide = start.double().requires_grad_()
    theirs, averaged = torch.optim.Adam([wide], lr=rate, weight_decay=l2), start.double()
    for count, each in enumerate(gradient, 1):
        pointers = [tensor.data_ptr() for tensor in (value, each, first, second)]
        rates = rate / (1 - 0.9**count), 1 / (1 - 0.999**count) ** 0.5
        found.adam(*pointers, ROWS, *rates, l2, average.data_ptr(), share)
        wide.grad = each.double()
        theirs.step()
        averaged = averaged.lerp(wide.detach(), share)
    pairs = ((value, wide.detach()), (average, averaged))
    return max(float((a - b).norm() / (b - start).norm()) for a, b in pairs)


@needs_compiler
def test_adam_is_torchs_with_l2_and_an_average():
    assert adam(load()) < 1e-4  # of what the weights moved by, which is little beside them


@needs_compiler
@pytest.mark.parametrize("written", ["l2 * value[i]", "* correct", "share * (value[i]"])
def test_a_slip_in_adam_would_be_noticed(written, tmp_path, monkeypatch):
    slip(written, written.replace("*", "* 1.5f *"), tmp_path, monkeypatch)
    assert adam(load()) > 1e-2


PLANTED = {  # what is written in the source, what stands there instead, and which case turns red
    "shift[c] = bias[c] - ": ("shift[c] = bias[c] + ", norm_layer),
    "/ (rows - 1)": ("/ rows", norm_layer),
    "by_weight[c] += multiplied": ("by_weight[c] += 2 * multiplied", norm_layer),
    "total[c * rows + r] += ": ("total[r * columns + c] += ", norm_layer),
    "by_start[i] + through": ("through", crossed),
    "(last ? 0 : g[i])": ("0", crossed),
    "g[i] + wide(more[i]) + wide(by_low[i])": ("g[i] + wide(more[i])", crossed),
    "score * scale": ("score", attended),
    "to[0] += a, to[1] += b": ("to[0] += b, to[1] += a", attended),
    "whole += sum[d] * sum[d] - squares[d]": ("whole += sum[d] * sum[d] + squares[d]", factorised),
    "by_x[i] += wide(by_low[i])": ("by_x[i] = wide(by_low[i])", factorised),
    "total[i] += wide(more[i])": ("total[i] = wide(more[i])", attended),
    "(start ? *start : out[r]) + total": ("total", read),
    "*total += (float)lanes[0]": ("*total = 0", read),
    "(z < 0 ? e : 1)": ("(z < 0 ? 1 : e)", log_loss),
    "to[d] + by_out[d]": ("by_out[d]", looked_up),
    "total[ids[f] + offsets[f]] += by_out[r]": ("total[ids[f] + offsets[f]] = by_out[r]", summed),
}


@needs_compiler
@pytest.mark.parametrize("written", PLANTED)
def test_a_slip_in_a_kernel_would_be_noticed(written, tmp_path, monkeypatch):
    instead, function = PLANTED[written]
    slip(written, instead, tmp_path, monkeypatch)
    assert off(function, "fp32") > 100 * NEAR["fp32"]


@needs_compiler
@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("_mm512_permutex2var_epi16(first, after, second)", "first"),
        ("from + c * inner + 2 * d", "from + c * inner + d"),
        ("i += all ? down : 1", "i += down"),
        ("_mm512_add_ps(_mm512_maskz_loadu_ps(there, total), sum[i][j])", "sum[i][j]"),
        ("p.a = a + i * p.by_row", "p.a = a"),
    ],
)
def test_a_slip_in_a_product_would_be_noticed(written, instead, tmp_path, monkeypatch):
    if not load("bf16").multiplies:
        pytest.skip("products are torch's here: the processor has no AVX512-BF16, or AMX, which is faster")
    kernels._library.cache_clear()
    slip(written, instead, tmp_path, monkeypatch)
    assert not off(mapped, "bf16") < 5 * NEAR["bf16"]


def slip(written, instead, folder, monkeypatch):
    """Plant a bug in the kernels' sources."""
    texts = {path.name: path.read_text() for path in kernels.SOURCES}
    assert sum(text.count(written) for text in texts.values()) == 1
    for name, text in texts.items():
        (folder / name).write_text(text.replace(written, instead))
    monkeypatch.setattr(kernels, "SOURCES", tuple(folder / name for name in texts))


@needs_compiler
@pytest.mark.parametrize("precision", NEAR)
def test_layers_in_one_are_layers_one_after_another(precision):
    sides = []
    for at_once in (True, False):
        x = numbers(ROWS, 13).requires_grad_()
        sizes = ((19, 13), (19,), (19,), (19,), (19,)), ((5, 19), (5,), (5,), (5,), (5,))
        layers = [pair(*(numbers(*shape, seed=s) + (s == 5) for s, shape in enumerate(shapes, 1))) for shapes in sizes]
        out = x
        for each in [layers] if at_once else [[layer] for layer in layers]:
            for linear, _ in each:
                linear.weight.requires_grad_()
            out = norm_layers(load(precision), each, out)
        out.backward(numbers(ROWS, 5, seed=9).to(out.dtype))
        held = [each for linear, norm in layers for each in (linear.weight, norm.weight, norm.bias)]
        means = [each for _, norm in layers for each in (norm.running_mean, norm.running_var)]
        sides.append([out, x.grad, *(each.grad for each in held), *means])
    assert all(torch.equal(a, b) and a.any() for a, b in zip(*sides, strict=True))


@needs_compiler
def test_what_is_not_finite_comes_through_and_what_is_no_row_is_an_error():
    for bad in (float("nan"), float("inf")):
        x = numbers(50, 6)
        x[3, 2] = bad
        assert norm_layer(load(), x, torch.eye(6), torch.ones(6), torch.zeros(6))[:50, 2].isnan().any()
        fields = numbers(ROWS, 5, 4)
        fields[3, 2, 1] = bad
        assert not attended(load(), fields, numbers(24, 4)).isfinite().all()
        assert not log_loss(load(), torch.full((ROWS, 1), bad)).isfinite()
    table = nn.Parameter(numbers(7, 1))
    for summed, row in itertools.product((False, True), (3, -5)):
        with pytest.raises(IndexError, match="7 rows"):
            rows.lookup(load(), table, OFFSETS, None, torch.tensor([[0, row]], dtype=torch.int32), summed=summed)
    for row in (7, -1):
        with pytest.raises(IndexError, match="7 rows"):
            rows.take(load(), table.detach(), torch.tensor([0, row]))


@needs_compiler
@pytest.mark.parametrize("shape", [(7,), (7, 0), (7, 3), (7, 10)])
def test_the_rows_of_a_batch_are_those_of_torch(shape):
    index = torch.tensor([3, 0, 6, 6])
    for source in (numbers(*shape), (numbers(*shape) * 100).to(torch.int32)):
        assert torch.equal(rows.take(load(), source, index), source[index])
