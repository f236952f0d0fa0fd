import pytest
import torch
from torch.nn import functional

from ranker.layers.attention import FieldAttention, _Attention
from ranker.layers.cross import factorisation
from ranker.layers.dropout import LEVELS, dropout
from ranker.layers.inputs import _Lookup


def doubles(*shape):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(*shape, dtype=torch.double, generator=generator, requires_grad=True)


def test_written_out_gradients_are_those_of_the_functions():
    rows = torch.tensor([[0, 3], [3, 3], [6, 1]])
    assert torch.autograd.gradcheck(lambda table: _Lookup.apply(table, rows, None), (doubles(7, 3),))
    assert torch.autograd.gradcheck(lambda table: _Lookup.apply(table, rows, None), (doubles(7, 1),))
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
