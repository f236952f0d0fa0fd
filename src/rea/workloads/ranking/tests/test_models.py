"""What some models are, by a second derivation."""

import numpy as np
import pytest
import torch

from ranker import checkpoint, loop
from ranker.config import parse
from ranker.layers.cross import factorisation
from ranker.losses import loss_of
from ranker.models import finalnet, fmfm, pnn
from ranker.models.eulernet import Layer
from ranker.models.eulernet import Model as EulerNet
from ranker.techniques import consistency

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


def test_finalnet_is_the_mean_of_blocks_that_multiply_two_views(vectors):
    words = ("interaction_depth=2", "tower_depth=1", "tower_width=7", "activation=tanh")
    model = finalnet.Model(parse([f"embedding_dim={DIM}", *words]), FIELDS)
    with torch.no_grad():
        model.gate.factors.weight.normal_()
        model.gate.factors.bias.normal_()
    factors = torch.einsum("bfd,gf->bgd", vectors, model.gate.factors.weight) + model.gate.factors.bias[:, None]
    gated = torch.cat([vectors, vectors * factors], dim=1)
    said = []
    for block, x in zip(model.blocks, (gated, vectors), strict=True):
        layer, out = block
        views = x.flatten(1) @ layer.linear.weight.T + layer.linear.bias
        one, other = views[:, :4], views[:, 4:]  # of seven outputs three are products
        said.append(torch.cat([one, one[:, :3] * other], dim=1).tanh() @ out.weight[0] + out.bias)
    assert torch.allclose(model(vectors), (said[0] + said[1]) / 2, atol=1e-5)
    assert torch.allclose(model.apart[:, 0], (said[0] - said[1]) / 2, atol=1e-5)


def test_the_gate_of_finalnet_starts_open(vectors):
    assert torch.equal(finalnet.FieldGate(FIELDS)(vectors), torch.cat([vectors, vectors], dim=1))


@pytest.mark.parametrize("pass_on", [False, True])  # True: a gradient through what the blocks learn from
def test_blocks_of_finalnet_learn_from_what_they_say_together(tiny, monkeypatch, pass_on):
    if pass_on:
        monkeypatch.setattr(torch.Tensor, "detach", lambda self: self)
    training = checkpoint.start(parse(["model=finalnet", "ensemble=2"]), tiny[0], 1)
    assert training.terms == [finalnet.loss]
    index = torch.arange(64)
    batch = training.data.train.take(index)
    logits = loop.forward(training, batch)
    blocks = [member.model.apart for member in training.network.members]
    for each in (logits, *blocks):
        each.retain_grad()
    term = finalnet.loss(training, index, batch, logits)
    term.backward()
    p = logits.sigmoid()
    said = torch.stack([logits[:, [m]] + blocks[m] for m in range(2)], dim=1).double()
    label = p[:, :, None].double().expand_as(said)
    expected = (
        -(label * said.sigmoid().log() + (1 - label) * (-said).sigmoid().log()).sum(dim=(1, 2)) @ batch[3].double()
    )
    assert torch.allclose(term.double(), expected)
    towards = (said.sigmoid() - label) * batch[3][:, None, None]
    assert all(torch.allclose(blocks[m].grad.double(), towards[:, m], atol=1e-6) for m in range(2))
    alike = torch.allclose(logits.grad.double(), towards.sum(dim=2), atol=1e-6)
    assert alike is not pass_on


def test_a_single_block_of_finalnet_has_nothing_to_learn_from(tiny):
    training = checkpoint.start(parse(["model=finalnet", "interaction_depth=1"]), tiny[0], 1)
    index = torch.arange(64)
    batch = training.data.train.take(index)
    logits = loop.forward(training, batch)
    assert finalnet.loss(training, index, batch, logits).item() == 0.0
    plain = loss_of(training.config, logits, batch[2], batch[2], batch[3])
    assert torch.equal(loop._loss(training, index), plain)


@pytest.mark.parametrize("late", [False, True])  # True: the model's term after the pass that overwrites what it reads
def test_a_second_pass_does_not_change_what_the_blocks_of_finalnet_said(tiny, late):
    training = checkpoint.start(parse(["model=finalnet", "dropout=0.5", "consistency=1"]), tiny[0], 1)
    training.network.train()
    index = torch.arange(64)
    batch = training.data.train.take(index)
    torch.manual_seed(3)
    logits = loop.forward(training, batch)
    total = loop.loss_at(training, batch, logits) + finalnet.loss(training, index, batch, logits)
    total = total + consistency.loss(training, index, batch, logits)
    training.terms = training.terms[::-1] if late else training.terms
    torch.manual_seed(3)
    assert torch.equal(loop._loss(training, index), total) is not late
