"""What some models are, by a second derivation."""

import numpy as np
import pytest
import torch

from ranker.config import parse
from ranker.layers.cross import factorisation
from ranker.models import fmfm, pnn
from ranker.models.eulernet import Layer
from ranker.models.eulernet import Model as EulerNet

FIELDS, DIM = 5, 4


@pytest.fixture
def vectors():
    return torch.randn(7, FIELDS, DIM, generator=torch.Generator().manual_seed(1))


def test_fmfm_starts_as_a_factorisation_machine_and_then_has_a_matrix_a_pair(vectors):
    model = fmfm.Model(parse([f"embedding_dim={DIM}"]), FIELDS)
    assert torch.allclose(model(vectors), factorisation(vectors), atol=1e-5)
    with torch.no_grad():
        model.matrices.normal_()
    expected, pair = torch.zeros(len(vectors)), 0
    for i in range(FIELDS):
        for j in range(i + 1, FIELDS):
            expected += torch.einsum("bd,de,be->b", vectors[:, i], model.matrices[pair], vectors[:, j])
            pair += 1
    assert torch.allclose(model(vectors), expected, atol=1e-4)


def test_a_unit_of_pnn_is_a_weighted_sum_of_all_inner_products(vectors):
    model, seen = pnn.Model(parse([f"embedding_dim={DIM}", "interaction_width=3"]), FIELDS), []
    model.tower.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    model(vectors)
    products = torch.einsum("bid,bjd->bij", vectors, vectors)
    expected = torch.einsum("bij,ui,uj->bu", products, model.share, model.share)
    assert torch.equal(seen[0][:, : FIELDS * DIM], vectors.flatten(1))
    assert torch.allclose(seen[0][:, FIELDS * DIM :], expected, atol=1e-4)


def test_a_layer_of_eulernet_multiplies_complex_numbers_raised_to_learned_powers(vectors):
    layer = Layer(FIELDS, 3, DIM)
    layer.norm = torch.nn.Identity()
    with torch.no_grad():
        layer.implicit.weight.zero_()
        layer.implicit.bias.zero_()
        layer.power.copy_(torch.tensor([[1.0, 1, 0, 0, 0], [0, 2, 0, 0, 1], [0.5, 0, 0, 0, 0]]))
    fields = torch.polar(vectors.abs() + 0.3, vectors)
    real, imaginary = layer(fields.real, fields.imag)
    said = torch.complex(real, imaginary)
    expected = torch.stack([fields[:, 0] * fields[:, 1], fields[:, 1] ** 2 * fields[:, 4], fields[:, 0].sqrt()], dim=1)
    assert torch.allclose(said, expected, atol=1e-3)


def test_eulernet_has_a_gradient_at_nought():
    model = EulerNet(parse([f"embedding_dim={DIM}", "interaction_depth=3"]), FIELDS)
    for x in (torch.zeros(3, FIELDS, DIM), torch.full((3, FIELDS, DIM), np.pi / 2)):
        given = x.requires_grad_()
        model(given).sum().backward()
        assert given.grad.isfinite().all() and all(each.grad.isfinite().all() for each in model.parameters())
