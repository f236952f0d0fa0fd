import pytest
import torch
from torch import nn
from torch.nn import functional

from ranker.layers.attention import FieldAttention, _Attention
from ranker.layers.cross import _Layer, factorisation
from ranker.layers.dropout import LEVELS, dropout
from ranker.layers.inputs import _Lookup
from ranker.layers.norm import NormReLU
from ranker.optimizer import Group, _adam


def doubles(*shape):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(*shape, dtype=torch.double, generator=generator, requires_grad=True)


def test_written_out_gradients_are_those_of_the_functions():
    rows = torch.tensor([[0, 3], [3, 3], [6, 1]])
    assert torch.autograd.gradcheck(lambda table: _Lookup.apply(table, rows, None), (doubles(7, 3),))
    assert torch.autograd.gradcheck(lambda table: _Lookup.apply(table, rows, None), (doubles(7, 1),))
    assert torch.autograd.gradcheck(
        lambda *given: _Layer.apply(*given, torch.double), (doubles(5, 3), doubles(5, 3), doubles(3, 3), doubles(3))
    )
    assert torch.autograd.gradcheck(factorisation, (doubles(6, 4, 3),))
    assert torch.autograd.gradcheck(
        lambda x, weight: _Attention.apply(x, weight, (2, 3, 4), torch.double), (doubles(5, 4 * 6), doubles(24, 5))
    )


def test_attention_with_rows_innermost_is_attention():
    heads, width, fields, rows = 2, 3, 4, 5
    layer = FieldAttention(6, width, heads)
    x = torch.randn(6, fields, rows)
    q, k, v, skip = (layer.project.weight @ x.flatten(1)).view(4, heads, width, fields, rows).permute(0, 4, 1, 3, 2)
    mixed = functional.scaled_dot_product_attention(q, k, v)
    expected = torch.relu(mixed + skip).permute(1, 3, 2, 0).reshape(heads * width, fields, rows)
    assert torch.allclose(layer(x), expected, atol=1e-6)


@pytest.mark.parametrize(("kind", "near"), [(torch.float32, 1e-5), (torch.bfloat16, 0.05)])
def test_norm_and_relu_in_one_are_norm_and_relu(kind, near):
    torch.manual_seed(4)
    plain, fused = nn.BatchNorm1d(6), NormReLU(6)
    x, upstream = (torch.randn(50, 6) * 3).to(kind), torch.randn(50, 6).to(kind)
    outs = []
    for norm in (lambda x: torch.relu(plain(x)), fused):
        given = x.clone().requires_grad_()
        y = norm(given)
        y.backward(upstream)
        outs.append((y, given.grad))
    assert torch.allclose(outs[0][0], outs[1][0], atol=near) and torch.allclose(outs[0][1], outs[1][1], atol=near)
    assert torch.allclose(plain.weight.grad, fused.weight.grad, atol=near * 10)
    assert torch.allclose(plain.running_var, fused.running_var) and fused.num_batches_tracked == 1
    assert torch.equal(fused.eval()(x), torch.relu(plain.eval()(x)))


@pytest.mark.parametrize("bad", [float("nan"), -float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_what_is_not_finite_comes_through_norm_and_relu(kind, bad):
    x = torch.randn(20, 3).to(kind)
    x[4, 1] = bad
    assert NormReLU(3)(x).isnan().any()


def test_the_fused_step_is_adam_s():
    network, same = nn.Linear(3, 2), nn.Linear(3, 2)
    same.load_state_dict(network.state_dict())
    group, reference = Group(list(network.parameters())), torch.optim.Adam(same.parameters(), lr=0.01)
    for count in range(1, 5):
        gradient = torch.randn(8)
        group.gradient.copy_(gradient)
        same.weight.grad, same.bias.grad = gradient[:6].view(2, 3).clone(), gradient[6:].clone()
        _adam(group, 0.01, count)
        reference.step()
    assert torch.allclose(network.weight, same.weight, atol=1e-6) and torch.allclose(network.bias, same.bias, atol=1e-6)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_dropout_drops_its_share_everywhere_and_keeps_the_mean(kind):
    torch.manual_seed(3)
    x = torch.ones(4000, 64, dtype=kind, requires_grad=True)
    y = dropout(x, 0.3, training=True)
    dropped = y == 0
    assert dropped.float().mean() == pytest.approx(0.3, abs=0.005)
    by_lane = dropped.view(-1, 8).float().mean(dim=0)  # eight values share one draw of a word
    assert by_lane.min() > 0.28 and by_lane.max() < 0.32
    assert y[~dropped].float().unique().tolist() == pytest.approx([LEVELS / 179], rel=0.01)
    y.sum().backward()
    assert ((x.grad == 0) == dropped).all()
    assert dropout(x, 0.3, training=False) is x and dropout(x, 0.0, training=True) is x
